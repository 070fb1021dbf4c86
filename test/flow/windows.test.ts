import test from 'ava'
import { run } from './rule.ts'

const ROWS = [
  { k: 'a', d: 1, v: 1 },
  { k: 'a', d: '1', v: 2 },
  { k: 'b', d: 1, v: 3 },
  { k: 'a', d: 1, v: 4 },
]

test('groups of two keys are told apart by both, structurally', (t) => {
  const sql = 'SELECT k, d, collect(v) AS vs FROM demo GROUP BY k, d, TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(run(sql, ROWS), [
    [
      { k: 'a', d: 1, vs: [1, 4] },
      { k: 'a', d: '1', vs: [2] },
      { k: 'b', d: 1, vs: [3] },
    ],
  ])
})

test('a missing key and a null one are one group', (t) => {
  const sql = 'SELECT count(*) AS c FROM demo GROUP BY k, COUNTWINDOW(3)'
  t.deepEqual(run(sql, [{ v: 1 }, { k: null }, { k: 'null' }]), [[{ c: 2 }, { c: 1 }]])
})

test('what is neither grouped nor aggregated has the value of the first row of its group', (t) => {
  t.deepEqual(run('SELECT k, v, count(*) AS c FROM demo GROUP BY k, COUNTWINDOW(4)', ROWS), [
    [
      { k: 'a', v: 1, c: 3 },
      { k: 'b', v: 3, c: 1 },
    ],
  ])
  t.deepEqual(run('SELECT *, count(*) AS c FROM demo GROUP BY k, COUNTWINDOW(4)', ROWS), [
    [
      { k: 'a', d: 1, v: 1, c: 3 },
      { k: 'b', d: 1, v: 3, c: 1 },
    ],
  ])
})

test('FILTER of a window keeps rows out of it, FILTER of a call out of its aggregate', (t) => {
  t.deepEqual(
    run('SELECT collect(v) AS vs FROM demo GROUP BY COUNTWINDOW(2) FILTER(WHERE v != 2)', ROWS),
    [[{ vs: [1, 3] }]],
  )
  t.deepEqual(
    run(
      `SELECT count(*) AS c, count(*) FILTER(WHERE k = 'a') AS a FROM demo GROUP BY COUNTWINDOW(4)`,
      ROWS,
    ),
    [[{ c: 4, a: 3 }]],
  )
})

test('DISTINCT gives an aggregate each different value once', (t) => {
  const sql = 'SELECT collect(DISTINCT d) AS ds FROM demo GROUP BY COUNTWINDOW(4)'
  t.deepEqual(run(sql, ROWS), [[{ ds: [1, '1'] }]])
})

test('an aggregate over kept rows says the range of their window', (t) => {
  const sql = `SELECT sum(v) AS s, window_start() AS a, window_end() AS b
    FROM demo GROUP BY COUNTWINDOW(3, 1)`
  t.deepEqual(run(sql, ROWS), [[{ s: 6, a: 1000, b: 1002 }], [{ s: 9, a: 1001, b: 1003 }]])
})

test('a row that fails in an aggregate is an error of its row, and the window goes on', (t) => {
  const sql = 'SELECT sum(v) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)'
  const sent = run(sql, [{ v: 1 }, { v: 'x' }, { v: 2 }], { options: { sendError: true } })
  t.deepEqual(sent, [{ error: 'sum wants numbers' }, [{ s: 3 }]])
})

test('no rows at all: an aggregate without keys says nothing either', (t) => {
  const sql = 'SELECT count(*) AS c FROM demo WHERE v > 100 GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(run(sql, ROWS), [])
})

test('a window of a day is aligned to the time zone of the rule', (t) => {
  const sql = 'SELECT window_start() AS s FROM demo GROUP BY TUMBLINGWINDOW(dd, 1)'
  const rows = [{ v: 1 }]
  t.deepEqual(run(sql, rows, { timeZone: 'Asia/Shanghai' }), [[{ s: -8 * 3_600_000 }]])
  t.deepEqual(run(sql, rows), [[{ s: 0 }]])
})
