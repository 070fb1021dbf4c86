import test from 'ava'
import { evaluateAll, type Row } from './evaluate.ts'

const rows: readonly Row[] = [
  { k: 'a', v: 1, w: 10, act: true },
  { k: 'b', v: 1, w: 20, act: false },
  { k: 'a', v: 2, w: 10, act: true },
  { k: 'a', w: 30, act: false },
  { k: 'b', v: 2, w: 20, act: true },
  { k: 'a', v: 2, w: 30, act: true },
]

const cases: readonly (readonly [sql: string, gives: readonly unknown[]])[] = [
  ['lag(v)', [null, 1, 1, 2, 2, 2]],
  ['lag(v, 2)', [null, null, 1, 1, 1, 2]],
  ['lag(v, 1, 99)', [99, 1, 1, 2, 2, 2]],
  ['lag(v, 2, 0)', [0, 0, 1, 1, 1, 2]],
  ['lag(v, 0)', [null, null, null, null, null, null]],
  ['lag(v, 1, 0, false)', [0, 1, 1, 2, null, 2]],
  ['lag(v) OVER (PARTITION BY k)', [null, null, 1, 2, 1, 2]],
  ['lag(v) OVER (WHEN act = true)', [null, 1, 1, 2, 2, 2]],
  ['lag(v, 1, -1) OVER (PARTITION BY k WHEN act = true)', [-1, -1, 1, 2, -1, 2]],
  ['lag(w) OVER (PARTITION BY upper(k))', [null, null, 10, 10, 20, 30]],
  ['latest(v)', [1, 1, 2, 2, 2, 2]],
  ['latest(v, 7)', [1, 1, 2, 2, 2, 2]],
  ['latest(v) OVER (WHEN act = true)', [1, 1, 2, 2, 2, 2]],
  ['changed_col(true, w)', [10, 20, 10, 30, 20, 30]],
  ['changed_col(true, v)', [1, null, 2, null, null, null]],
  ['had_changed(false, v)', [true, false, true, true, true, false]],
  ['had_changed(true, k, v)', [true, true, true, false, true, true]],
  ['had_changed(true, v) OVER (PARTITION BY k)', [true, true, true, false, true, false]],
  ['acc_sum(v)', [1, 2, 4, 4, 6, 8]],
  ['acc_count(w) OVER (WHEN act = true)', [1, 1, 2, 2, 3, 4]],
  ['acc_sum(w, act, w > 20)', [10, 30, 40, 70, 20, 50]],
  ['acc_avg(w) OVER (PARTITION BY k WHEN act = true)', [10, 0, 10, 10, 20, 50 / 3]],
  [
    "CASE WHEN had_changed(true, k) = true THEN 'new' ELSE 'old' END",
    ['new', 'new', 'new', 'old', 'new', 'new'],
  ],
  ['abs(w - lag(w, 1, w))', [0, 10, 10, 20, 10, 10]],
]

for (const [sql, gives] of cases) {
  test(`${sql} in stream order`, (t) => {
    t.deepEqual(
      evaluateAll(sql, rows).map((value) => value ?? null),
      gives,
    )
  })
}

test('acc_max of null is an error of the row', (t) => {
  t.throws(() => evaluateAll('acc_max(v)', rows), {
    message: 'call func acc_max error: the value should be number',
  })
})

test('a negative offset is refused', (t) => {
  t.throws(() => evaluateAll('lag(v, -1)', rows), {
    message: /^validate function lag error: the index should not be a nagtive integer/,
  })
})
