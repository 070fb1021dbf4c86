import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

const functions = builtInFunctions()
const stream = `CREATE STREAM demo (k string, v bigint, ts bigint)
  WITH (DATASOURCE="d", FORMAT="json", TIMESTAMP="ts")`

const rows = [
  [100, 'a', 1],
  [900, 'b', 2],
  [1500, 'a', 3],
  [2100, 'b', 4],
  [2200, 'a', 5],
  [3100, 'b', 6],
  [4500, 'a', 7],
  [4600, 'b', 8],
  [7000, 'z', 0],
].map(([ts, k, v]) => ({ ts, k, v }))

/** What comes out in event time, all at once or row by row: it must be the same. */
function emitted(sql: string, options: Readonly<Record<string, unknown>> = {}): unknown[] {
  const plan = planOf(sql, {
    functions,
    stream,
    options: { isEventTime: true, lateTolerance: 0, ...options },
  })
  const tuples = rows.map((payload, i) => ({ payload, time: 50_000 + i }))
  const whole = flowOf(plan, { functions })
  const all = payloads(collect(whole, feed(tuples)).emissions)
  const parts = tuples.flatMap((_, i) => {
    const flow = flowOf(plan, { functions })
    const before = collect(flow, feed(tuples.slice(0, i)))
    const next = flowOf(plan, { functions })
    next.restore(flow.snapshot().state)
    const after = collect(next, feed(tuples.slice(i), { first: i + 1 }))
    return [[...payloads(before.emissions), ...payloads(after.emissions)]]
  })
  for (const part of parts) {
    if (JSON.stringify(part) !== JSON.stringify(all))
      throw new Error(`cut: ${JSON.stringify(part)}`)
  }
  return all
}

const bounds = 'window_start() AS ws, window_end() AS we'

test('a hopping window', (t) => {
  t.deepEqual(emitted(`SELECT sum(v) AS t, ${bounds} FROM demo GROUP BY HOPPINGWINDOW(ss, 4, 2)`), [
    [{ t: 6, ws: -2000, we: 2000 }],
    [{ t: 21, ws: 0, we: 4000 }],
    [{ t: 30, ws: 2000, we: 6000 }],
  ])
})

test('a hopping window with what needs its rows', (t) => {
  t.deepEqual(emitted('SELECT k, collect(v) AS vs FROM demo GROUP BY HOPPINGWINDOW(ss, 3, 2), k'), [
    [
      { k: 'a', vs: [1, 3] },
      { k: 'b', vs: [2] },
    ],
    [
      { k: 'a', vs: [3, 5] },
      { k: 'b', vs: [4, 6] },
    ],
    [
      { k: 'b', vs: [6, 8] },
      { k: 'a', vs: [7] },
    ],
  ])
})

test('a sliding window', (t) => {
  t.deepEqual(emitted('SELECT sum(v) AS t FROM demo GROUP BY SLIDINGWINDOW(ss, 3)'), [
    ...[1, 3, 6, 10, 15, 21, 25, 30].map((sum) => [{ t: sum }]),
    [{ t: 15 }],
  ])
  t.deepEqual(
    emitted('SELECT collect(v) AS vs FROM demo GROUP BY SLIDINGWINDOW(ss, 2) OVER (WHEN v > 3)'),
    [
      [1, 2, 3, 4],
      [2, 3, 4, 5],
      [3, 4, 5, 6],
      [6, 7],
      [6, 7, 8],
    ].map((vs) => [{ vs }]),
  )
})

test('WHERE behind a sliding window drops rows that trigger it all the same', (t) => {
  const sql = 'SELECT count(*) AS n FROM demo WHERE v % 2 = 0 GROUP BY SLIDINGWINDOW(ss, 1)'
  t.deepEqual(
    emitted(sql),
    [1, 1, 1, 1, 2, 1, 1].map((n) => [{ n }]),
  )
})

test('a sliding window with a delay fires once, or twice where the rule says so', (t) => {
  const sql = `SELECT sum(v) AS t, window_end() AS we FROM demo
    GROUP BY SLIDINGWINDOW(ss, 1, 1) OVER (WHEN v = 3)`
  const late = [{ t: 14, we: 2500 }]
  t.deepEqual(emitted(sql), [late])
  const planOptimizeStrategy = { windowOption: { enableSendSlidingWindowTwice: true } }
  t.deepEqual(emitted(sql, { planOptimizeStrategy }), [[{ t: 5, we: 1500 }], late])
})

test('a session window', (t) => {
  t.deepEqual(
    emitted(`SELECT collect(v) AS vs, ${bounds} FROM demo GROUP BY SESSIONWINDOW(ss, 2, 1)`),
    [[{ vs: [1, 2, 3, 4, 5, 6], ws: 100, we: 4000 }], [{ vs: [7, 8], ws: 4500, we: 5600 }]],
  )
  t.deepEqual(
    emitted(`SELECT k, sum(v) AS t, window_end() AS we FROM demo
      GROUP BY SESSIONWINDOW(ss, 10, 2) OVER (PARTITION BY k), k`),
    [[{ k: 'a', t: 9, we: 4200 }], [{ k: 'b', t: 20, we: 6600 }]]
      .slice(0, 1)
      .concat([[{ k: 'a', t: 7, we: 6500 }], [{ k: 'b', t: 20, we: 6600 }]]),
  )
})

test('a state window, also in event time', (t) => {
  t.deepEqual(emitted('SELECT collect(v) AS vs FROM demo GROUP BY STATEWINDOW(v = 2, v = 5)'), [
    [{ vs: [2, 3, 4, 5] }],
  ])
  t.deepEqual(emitted('SELECT * FROM demo GROUP BY STATEWINDOW(v = 5) OVER (PARTITION BY k)'), [])
  t.deepEqual(emitted('SELECT collect(v) AS vs FROM demo GROUP BY STATEWINDOW(v % 3 = 0)'), [
    [{ vs: [3, 4, 5] }],
    [{ vs: [6, 7, 8] }],
  ])
})
