import test from 'ava'
import { runStreams } from './streams.ts'

const streams = ['CREATE STREAM s () WITH ()']
const ROWS = [
  { k: 'a', v: 1, w: 10, act: true },
  { k: 'b', v: 1, w: 20, act: false },
  { k: 'a', v: 2, w: 10, act: true },
  { k: 'a', w: 30, act: false },
  { k: 'b', v: 2, w: 20, act: true },
  { k: 'a', v: 2, w: 30, act: true },
]

function rows(payloads: readonly unknown[]) {
  return payloads.map((payload, i) => ({ from: 's', payload, time: 1000 + i }))
}

const gives = test.macro({
  exec(t, sql: string, payloads: readonly unknown[], expected: readonly unknown[]) {
    t.deepEqual(runStreams(sql, rows(payloads), { streams }), expected)
  },
  title: (_, sql, payloads) => `${sql} over ${JSON.stringify(payloads).slice(0, 60)}`,
})

test(
  gives,
  'SELECT unnest(a) AS e, b FROM s',
  [{ a: [1, 2, 3], b: 'x' }],
  [[{ b: 'x', e: 1 }], [{ b: 'x', e: 2 }], [{ b: 'x', e: 3 }]],
)
test(
  gives,
  'SELECT unnest(a), b FROM s',
  [{ a: [{ p: 1 }, { p: 2, q: 3 }], b: 'x' }],
  [[{ b: 'x', p: 1 }], [{ b: 'x', p: 2, q: 3 }]],
)
test(
  gives,
  'SELECT unnest(a) FROM s',
  [{ a: 5 }, { a: [] }, { b: 1 }, { a: [7] }],
  [{ error: 'the argument for the unnest function should be array' }, [{ unnest: 7 }]],
)
test(
  gives,
  'SELECT *, unnest(a) AS b FROM s',
  [{ a: [1, 2], b: 0 }],
  [[{ a: [1, 2], b: 1 }], [{ a: [1, 2], b: 2 }]],
)
test(
  gives,
  'SELECT unnest(collect(v)) AS v FROM s GROUP BY k, COUNTWINDOW(3) ORDER BY k DESC LIMIT 2',
  ROWS.slice(0, 3),
  [[{ v: 1 }, { v: 1 }]],
)
test(gives, 'SELECT extract(o), k FROM s', [{ o: { a: 1, b: 2 }, k: 9 }], [[{ a: 1, b: 2, k: 9 }]])
test(gives, 'SELECT extract(o) FROM s', [{ o: 3 }], [{ error: 'extract should use map' }])

test(gives, 'SELECT changed_cols("c_", false, v, w) FROM s', ROWS, [
  [{ c_v: 1, c_w: 10 }],
  [{ c_w: 20 }],
  [{ c_v: 2, c_w: 10 }],
  [{ c_v: null, c_w: 30 }],
  [{ c_v: 2, c_w: 20 }],
  [{ c_w: 30 }],
])
test(gives, 'SELECT k, changed_cols("n_", true, w) FROM s', ROWS, [
  [{ k: 'a', n_w: 10 }],
  [{ k: 'b', n_w: 20 }],
  [{ k: 'a', n_w: 10 }],
  [{ k: 'a', n_w: 30 }],
  [{ k: 'b', n_w: 20 }],
  [{ k: 'a', n_w: 30 }],
])
test(
  gives,
  'SELECT changed_cols("", true, *) FROM s',
  [
    { a: 1, b: 2 },
    { a: 1, b: 3, c: 0 },
  ],
  [[{ a: 1, b: 2 }], [{ b: 3, c: 0 }]],
)
test(
  gives,
  'SELECT changed_cols("", true, w) OVER (PARTITION BY k WHEN act = true) FROM s',
  ROWS.slice(0, 3),
  [[{ w: 10 }], [{}], [{}]],
)

test(gives, 'SELECT w, last_hit_count() AS n FROM s WHERE w > 10', ROWS, [
  [{ n: 0, w: 20 }],
  [{ n: 1, w: 30 }],
  [{ n: 2, w: 20 }],
  [{ n: 3, w: 30 }],
])
test(gives, 'SELECT w FROM s WHERE last_hit_count() < 2', ROWS, [[{ w: 10 }], [{ w: 20 }]])
test(gives, 'SELECT last_hit_time() AS t FROM s WHERE act = true', ROWS, [
  [{ t: 0 }],
  [{ t: 1000 }],
  [{ t: 1002 }],
  [{ t: 1004 }],
])
test(
  gives,
  'SELECT count(*) AS c, last_agg_hit_count() AS n FROM s GROUP BY COUNTWINDOW(2) HAVING sum(w) > 30',
  ROWS,
  [[{ c: 2, n: 0 }], [{ c: 2, n: 1 }]],
)

test(gives, 'SELECT row_number() AS n, w FROM s GROUP BY COUNTWINDOW(3)', ROWS, [
  [
    { n: 1, w: 10 },
    { n: 2, w: 20 },
    { n: 3, w: 10 },
  ],
  [
    { n: 1, w: 30 },
    { n: 2, w: 20 },
    { n: 3, w: 30 },
  ],
])
test(
  gives,
  'SELECT row_number() OVER (PARTITION BY k ORDER BY w DESC) AS n, k, w FROM s GROUP BY COUNTWINDOW(4)',
  [
    { k: 'a', w: 1 },
    { k: 'b', w: 5 },
    { k: 'a', w: 3 },
    { k: 'a', w: 2 },
  ],
  [
    [
      { k: 'a', w: 1, n: 3 },
      { k: 'b', w: 5, n: 1 },
      { k: 'a', w: 3, n: 1 },
      { k: 'a', w: 2, n: 2 },
    ],
  ],
)
test(
  gives,
  'SELECT k, sum(w) AS w, row_number() OVER (ORDER BY sum(w) DESC) AS n FROM s GROUP BY k, COUNTWINDOW(3)',
  [
    { k: 'a', w: 1 },
    { k: 'b', w: 5 },
    { k: 'a', w: 3 },
  ],
  [
    [
      { k: 'a', w: 4, n: 2 },
      { k: 'b', w: 5, n: 1 },
    ],
  ],
)
test(gives, 'SELECT row_number() AS n FROM s', [{}, {}], [[{ n: 1 }], [{ n: 1 }]])

test(gives, 'SELECT DISTINCT k, v FROM s GROUP BY COUNTWINDOW(6) ORDER BY k LIMIT 3', ROWS, [
  [{ k: 'a', v: 1 }, { k: 'a', v: 2 }, { k: 'a' }],
])

const LONG = 60_000
test('an analytic function forgets a partition that had no row for longer than analyticExpiry', (t) => {
  const inputs = [
    { from: 's', payload: { k: 'a', v: 1 }, time: 0 },
    { from: 's', payload: { k: 'b', v: 2 }, time: LONG },
    { from: 's', payload: { k: 'b', v: 3 }, time: 2 * LONG },
    { from: 's', payload: { k: 'a', v: 4 }, time: 2 * LONG + 1 },
    { from: 's', payload: { k: 'b', v: 5 }, time: 3 * LONG },
  ]
  const sql = 'SELECT lag(v) OVER (PARTITION BY k) AS p FROM s'
  const run = (options: Record<string, unknown>) => runStreams(sql, inputs, { streams, options })
  t.deepEqual(run({ analyticExpiry: LONG }), [[{}], [{}], [{ p: 2 }], [{}], [{ p: 3 }]])
  t.deepEqual(run({}), [[{}], [{}], [{ p: 2 }], [{ p: 1 }], [{ p: 3 }]])
})

const refused = test.macro({
  exec(t, sql: string, message: string) {
    t.throws(() => runStreams(sql, [], { streams }), { message })
  },
  title: (_, sql) => `refused: ${sql}`,
})

test(
  refused,
  'SELECT a FROM s WHERE unnest(a) = 1',
  'function unnest cannot stand in WHERE (line 1, column 23); make it a field of its own in the select list',
)
test(
  refused,
  'SELECT unnest(a) AS x, unnest(b) AS y FROM s',
  'select clause has several set-returning functions (line 1, column 24); keep one unnest',
)
test(
  refused,
  'SELECT w FROM s WHERE row_number() < 3',
  'window functions can only be in select fields (line 1, column 23); use row_number() in SELECT',
)
test(
  refused,
  'SELECT last_hit_count() AS n, count(*) AS c FROM s GROUP BY COUNTWINDOW(2)',
  'last_hit_count() and last_hit_time() in an aggregate query (line 1, column 1); use last_agg_hit_count() and last_agg_hit_time()',
)
test(
  refused,
  'SELECT lag(last_hit_count()) FROM s',
  'last_hit_count() has no value yet in lag (line 1, column 12); use it in SELECT or WHERE',
)
test(
  refused,
  'SELECT changed_cols("x_", true) FROM s',
  'validate function changed_cols error: At least has 3 arguments but found 2 (line 1, column 8); write changed_cols("prefix", true, a, b)',
)
test(
  refused,
  'SELECT dedup_trigger(a, b, c) FROM s',
  'dedup_trigger function should have 4 arguments (line 1, column 8); found 3',
)
