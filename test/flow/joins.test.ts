import test from 'ava'
import { type Input, runStreams } from './streams.ts'

const L = 'CREATE STREAM l (id BIGINT, a STRING, ts BIGINT) WITH (TIMESTAMP="ts")'
const R = 'CREATE STREAM r (id BIGINT, b STRING, ts BIGINT) WITH (TIMESTAMP="ts")'
const Q = 'CREATE STREAM q (id BIGINT, c STRING, ts BIGINT) WITH (TIMESTAMP="ts")'
const eventTime = {
  streams: [L, R, Q],
  options: { isEventTime: true, lateTolerance: 0 },
}

const WINDOW = 'GROUP BY TUMBLINGWINDOW(ss, 4)'
const FIELDS = 'SELECT l.id AS lid, r.id AS rid, a, b FROM l'

/** Rows by stream, ms from the start of the first window, and what they hold; they arrive as they stand here. */
function inputs(...rows: readonly (readonly [string, number, object])[]): Input[] {
  return rows.map(([from, ts, payload], i) => ({
    from,
    payload: { ...payload, ts: 1_700_000_000_000 + ts },
    time: 1000 + 15 * i,
  }))
}

const SINGLE = inputs(
  ['l', 100, { id: 1, a: 'a1' }],
  ['r', 150, { id: 1, b: 'b1' }],
  ['l', 1200, { id: 2, a: 'a2' }],
  ['r', 1300, { id: 3, b: 'b3' }],
  ['l', 2100, { id: 3, a: 'a3' }],
  ['r', 2200, { id: 4, b: 'b4' }],
  ['l', 9500, { id: 99, a: 'z' }],
  ['r', 9600, { id: 98, b: 'z' }],
)

const DOUBLE = inputs(
  ['l', 100, { id: 1, a: 'x' }],
  ['r', 150, { id: 1, b: 'p' }],
  ['l', 200, { id: 1, a: 'y' }],
  ['r', 250, { id: 1, b: 'q' }],
  ['l', 300, { id: 2, a: 'z' }],
  ['r', 350, { id: 5, b: 'o' }],
  ['l', 9500, { id: 99, a: 'z' }],
  ['r', 9600, { id: 98, b: 'z' }],
)

const joins = test.macro({
  exec(t, sql: string, rows: readonly Input[], expected: readonly unknown[]) {
    t.deepEqual(runStreams(sql, rows, eventTime, { end: false }), expected)
  },
  title: (_, sql) => `what the peer gives: ${sql}`,
})

const PAIRED = [
  { a: 'x', b: 'p', lid: 1, rid: 1 },
  { a: 'x', b: 'q', lid: 1, rid: 1 },
  { a: 'y', b: 'p', lid: 1, rid: 1 },
  { a: 'y', b: 'q', lid: 1, rid: 1 },
]

test(joins, `${FIELDS} INNER JOIN r ON l.id = r.id ${WINDOW}`, SINGLE, [
  [
    { a: 'a1', b: 'b1', lid: 1, rid: 1 },
    { a: 'a3', b: 'b3', lid: 3, rid: 3 },
  ],
])
test(joins, `${FIELDS} LEFT JOIN r ON l.id = r.id ${WINDOW}`, DOUBLE, [
  [...PAIRED, { a: 'z', lid: 2 }],
])
test(joins, `${FIELDS} RIGHT JOIN r ON l.id = r.id ${WINDOW}`, DOUBLE, [
  [...PAIRED, { b: 'o', rid: 5 }],
])
test(joins, `${FIELDS} FULL JOIN r ON l.id = r.id ${WINDOW}`, DOUBLE, [
  [...PAIRED, { a: 'z', lid: 2 }, { b: 'o', rid: 5 }],
])
test(joins, `SELECT a, b FROM l CROSS JOIN r ${WINDOW}`, DOUBLE, [
  ['x', 'y', 'z'].flatMap((a) => ['p', 'q', 'o'].map((b) => ({ a, b }))),
])
test(joins, `SELECT a, b FROM l INNER JOIN r ON l.id < r.id ${WINDOW}`, SINGLE, [
  [
    { a: 'a1', b: 'b3' },
    { a: 'a1', b: 'b4' },
    { a: 'a2', b: 'b3' },
    { a: 'a2', b: 'b4' },
    { a: 'a3', b: 'b4' },
  ],
])
test(joins, `SELECT a, b FROM l INNER JOIN r ON l.id = r.id OR b = "b4" ${WINDOW}`, SINGLE, [
  [
    { a: 'a1', b: 'b1' },
    { a: 'a1', b: 'b4' },
    { a: 'a2', b: 'b4' },
    { a: 'a3', b: 'b3' },
    { a: 'a3', b: 'b4' },
  ],
])
test(joins, `SELECT a, b FROM l INNER JOIN r ON r.id = l.id AND a = "y" ${WINDOW}`, DOUBLE, [
  [
    { a: 'y', b: 'p' },
    { a: 'y', b: 'q' },
  ],
])
test(joins, `SELECT a, b FROM l INNER JOIN r ON l.id = r.id ${WINDOW} ORDER BY a DESC, b`, DOUBLE, [
  [
    { a: 'y', b: 'p' },
    { a: 'y', b: 'q' },
    { a: 'x', b: 'p' },
    { a: 'x', b: 'q' },
  ],
])
test(
  joins,
  `SELECT l.id AS lid, count(*) AS n FROM l INNER JOIN r ON l.id = r.id ${WINDOW}, l.id HAVING count(*) > 3`,
  DOUBLE,
  [[{ lid: 1, n: 4 }]],
)
test(joins, `SELECT count(*) AS n FROM l INNER JOIN r ON l.id = r.id ${WINDOW}`, SINGLE, [
  [{ n: 2 }],
])
test(joins, `SELECT l.id AS i, r.id AS k, a FROM l INNER JOIN r ON i = k ${WINDOW}`, SINGLE, [
  [
    { a: 'a1', i: 1, k: 1 },
    { a: 'a3', i: 3, k: 3 },
  ],
])
test(
  joins,
  `SELECT l.a AS a, r.b AS b FROM l LEFT JOIN r ON l.id = r.id ${WINDOW}`,
  inputs(['l', 100, { a: 'n' }], ['r', 150, { b: 'm' }], ['l', 9500, { id: 9 }], ['r', 9500, {}]),
  [[{ a: 'n' }]],
)
test(
  joins,
  `SELECT l.id AS lid, a, b, c FROM l INNER JOIN r ON l.id = r.id LEFT JOIN q ON q.id = l.id ${WINDOW}`,
  [
    ...SINGLE,
    ...inputs(['q', 100, { id: 3, c: 'c3' }], ['q', 9500, { id: 97 }]).map((input) => ({
      ...input,
      time: input.time + 1000,
    })),
  ],
  [
    [
      { a: 'a1', b: 'b1', lid: 1 },
      { a: 'a3', b: 'b3', c: 'c3', lid: 3 },
    ],
  ],
)
test(
  joins,
  `SELECT one.a AS a, two.a AS b FROM l AS one INNER JOIN l AS two ON one.id = two.id - 1 ${WINDOW}`,
  inputs(
    ['one', 100, { id: 1, a: 'a1' }],
    ['two', 100, { id: 1, a: 'a1' }],
    ['one', 200, { id: 2, a: 'a2' }],
    ['two', 200, { id: 2, a: 'a2' }],
    ['one', 9000, { id: 2, a: 'a2' }],
    ['two', 9000, { id: 2, a: 'a2' }],
  ),
  [[{ a: 'a1', b: 'a2' }]],
)

test('all columns of a join: of two with one name that of the stream further left', (t) => {
  const sql = `SELECT * FROM l RIGHT JOIN r ON l.id = r.id ${WINDOW}`
  const [rows] = runStreams(sql, SINGLE.slice(0, 4), eventTime) as object[][]
  t.deepEqual(rows, [
    { id: 1, a: 'a1', b: 'b1', ts: 1_700_000_000_100 },
    { id: 3, b: 'b3', ts: 1_700_000_001_300 },
  ])
  const one = `SELECT r.* FROM l RIGHT JOIN r ON l.id = r.id ${WINDOW}`
  t.deepEqual(runStreams(one, SINGLE.slice(0, 2), eventTime), [
    [{ id: 1, b: 'b1', ts: 1_700_000_000_150 }],
  ])
})

test('rows that collect(*) gathers behind a join are flat', (t) => {
  const sql = `SELECT collect(*)[0]->b AS b FROM l INNER JOIN r ON l.id = r.id ${WINDOW}`
  t.deepEqual(runStreams(sql, SINGLE.slice(0, 2), eventTime), [[{ b: 'b1' }]])
})

test('a join says the bounds of its window, also for rows without a partner', (t) => {
  const sql = `SELECT a, b, window_start() AS s, window_end() AS e FROM l FULL JOIN r ON l.id = r.id ${WINDOW}`
  const [s, e] = [1_700_000_000_000, 1_700_000_004_000]
  t.deepEqual(runStreams(sql, SINGLE.slice(2, 4), eventTime), [
    [
      { a: 'a2', s, e },
      { b: 'b3', s, e },
    ],
  ])
})

test('WHERE stands behind the join, analytic functions before it', (t) => {
  const sql = `SELECT a, b, lag(b) AS before FROM l LEFT JOIN r ON l.id = r.id WHERE b = "q" ${WINDOW}`
  t.deepEqual(runStreams(sql, DOUBLE.slice(0, 6), eventTime), [
    [
      { a: 'x', b: 'q', before: 'p' },
      { a: 'y', b: 'q', before: 'p' },
    ],
  ])
})

test('schemaless streams join by values, not by their texts', (t) => {
  const setup = { streams: ['CREATE STREAM s () WITH ()', 'CREATE STREAM u () WITH ()'] }
  const rows = [
    { from: 's', payload: { k: 1, v: 'number' }, time: 1 },
    { from: 's', payload: { k: '1', v: 'text' }, time: 2 },
    { from: 's', payload: { k: null, v: 'null' }, time: 3 },
    { from: 's', payload: { k: [1, { x: 2 }], v: 'array' }, time: 4 },
    { from: 'u', payload: { k: 1.0, w: 'number' }, time: 5 },
    { from: 'u', payload: { k: '1', w: 'text' }, time: 6 },
    { from: 'u', payload: { k: null, w: 'null' }, time: 7 },
    { from: 'u', payload: { k: [1, { x: 2 }], w: 'array' }, time: 8 },
  ]
  const sql = 'SELECT s.v, u.w FROM s INNER JOIN u ON s.k = u.k GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(runStreams(sql, rows, setup), [
    [
      { v: 'number', w: 'number' },
      { v: 'text', w: 'text' },
      { v: 'array', w: 'array' },
    ],
  ])
})

const S = 'CREATE STREAM s (id BIGINT, v BIGINT) WITH (FORMAT="json")'
const table = (extra: string) =>
  `CREATE TABLE t (id BIGINT, name STRING) WITH (TYPE="mqtt"${extra})`

function steps(...rows: readonly (readonly [string, object])[]): Input[] {
  return rows.map(([from, payload], i) => ({ from, payload, time: 1000 + 10 * i }))
}

test('a scan table is joined to each row of a stream; only the stream starts a join', (t) => {
  const rows = steps(
    ['t', { id: 1, name: 'one' }],
    ['t', { id: 2, name: 'two' }],
    ['s', { id: 2, v: 20 }],
    ['s', { id: 3, v: 30 }],
    ['s', { id: 1, v: 10 }],
  )
  const streams = [S, table(', RETAIN_SIZE="10"')]
  const inner = 'SELECT v, name FROM s INNER JOIN t ON s.id = t.id'
  t.deepEqual(runStreams(inner, rows, { streams }), [
    [{ name: 'two', v: 20 }],
    [{ name: 'one', v: 10 }],
  ])
  const left = 'SELECT v, name FROM s LEFT JOIN t ON s.id = t.id'
  t.deepEqual(runStreams(left, rows, { streams }), [
    [{ name: 'two', v: 20 }],
    [{ v: 30 }],
    [{ name: 'one', v: 10 }],
  ])
})

test('a table without RETAIN_SIZE keeps its newest row', (t) => {
  const rows = steps(
    ['t', { id: 1, name: 'old' }],
    ['s', { id: 1, v: 1 }],
    ['t', { id: 1, name: 'new' }],
    ['s', { id: 1, v: 2 }],
  )
  const sql = 'SELECT v, name FROM s INNER JOIN t ON s.id = t.id'
  t.deepEqual(runStreams(sql, rows, { streams: [S, table('')] }), [
    [{ name: 'old', v: 1 }],
    [{ name: 'new', v: 2 }],
  ])
})

test('a window is joined to the table as it is when the window ends', (t) => {
  const rows: Input[] = [
    { from: 't', payload: { id: 1, name: 'first' }, time: 100 },
    { from: 's', payload: { id: 1, v: 1 }, time: 200 },
    { from: 't', payload: { id: 1, name: 'second' }, time: 900 },
    { from: 't', payload: { id: 1, name: 'third' }, time: 1100 },
    { from: 's', payload: { id: 1, v: 2 }, time: 1200 },
  ]
  const sql = 'SELECT v, name FROM s INNER JOIN t ON s.id = t.id GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(runStreams(sql, rows, { streams: [S, table('')] }), [
    [{ name: 'second', v: 1 }],
    [{ name: 'third', v: 2 }],
  ])
})

test('at one time the rows of a table come first', (t) => {
  const rows: Input[] = [
    { from: 's', payload: { id: 1, v: 1 }, time: 100 },
    { from: 't', payload: { id: 1, name: 'one' }, time: 100 },
  ]
  const sql = 'SELECT v, name FROM s LEFT JOIN t ON s.id = t.id'
  t.deepEqual(runStreams(sql, rows, { streams: [S, table('')] }), [[{ v: 1, name: 'one' }]])
})

test('a table alone starts nothing', (t) => {
  const rows = steps(['t', { id: 1, name: 'x' }])
  t.deepEqual(runStreams('SELECT * FROM t', rows, { streams: [table('')] }), [])
})

test('in event time a table needs no timestamp: its rows count from their arrival on', (t) => {
  const streams = [L, table(', RETAIN_SIZE="10"')]
  const rows = [
    ...inputs(['l', 100, { id: 1, a: 'early' }]),
    { from: 't', payload: { id: 1, name: 'one' }, time: 1001 },
    { from: 'l', payload: { id: 1, a: 'later', ts: 1_700_000_000_200 }, time: 1002 },
  ]
  const sql = 'SELECT a, name FROM l LEFT JOIN t ON l.id = t.id'
  t.deepEqual(runStreams(sql, rows, { ...eventTime, streams }), [
    [{ a: 'early' }],
    [{ a: 'later', name: 'one' }],
  ])
})
