import test from 'ava'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Plan } from '#src/plan/plan.ts'
import { collect, feed, flowOf, payloads, planOf, type Tuple } from './rule.ts'

const functions = builtInFunctions()

const AGGREGATES = [
  'count(*)',
  'sum(v)',
  'avg(v)',
  'min(v)',
  'max(k)',
  'stddev(v)',
  'var(v)',
  'percentile_cont(v, 0.5)',
  'collect(o)',
  'collect(DISTINCT k) AS kinds',
  'merge_agg(o)',
  'deduplicate(k, false)',
  'last_value(o, true)',
]
const ANALYTICS = [
  'lag(o, 2)',
  'latest(o, "none")',
  'changed_col(true, o)',
  'had_changed(true, k, v)',
  'acc_sum(v)',
  'acc_collect(o)',
  'acc_max(v)',
  'acc_count(v)',
]
const WINDOWS = [
  'TUMBLINGWINDOW(ms, 50)',
  'HOPPINGWINDOW(ms, 60, 20)',
  'SLIDINGWINDOW(ms, 40)',
  'SESSIONWINDOW(ms, 100, 20)',
  'COUNTWINDOW(5, 2)',
  'STATEWINDOW(v > 1)',
]
const known = (call: string) => functions.lookup(call.split('(')[0] ?? '') !== undefined
const RULES = [
  ...WINDOWS.flatMap((window) => [
    `SELECT k, ${AGGREGATES.filter(known).join(', ')} FROM demo GROUP BY k, ${window}`,
    `SELECT *, row_number() AS n FROM demo GROUP BY ${window} ORDER BY v DESC LIMIT 3`,
  ]),
  ...ANALYTICS.filter(known).map((call) => `SELECT v, ${call} AS a FROM demo`),
  ...ANALYTICS.filter(known).map((call) => `SELECT ${call} OVER (PARTITION BY k) AS a FROM demo`),
  'SELECT DISTINCT k, o FROM demo',
  'SELECT v, last_hit_count() AS n, last_hit_time() AS t FROM demo WHERE v > 3',
]

const row = fc.record({
  k: fc.constantFrom<unknown>('a', 'b', 1, null),
  v: fc.integer({ min: 0, max: 6 }),
  o: fc.oneof(
    fc.record({ x: fc.integer(), deep: fc.array(fc.nat(3)) }),
    fc.array(fc.nat(9)),
    fc.string(),
  ),
})
const input = fc.record({
  steps: fc.array(fc.tuple(row, fc.integer({ min: 0, max: 30 })), { minLength: 2, maxLength: 40 }),
  at: fc.nat(40),
})

function fed(plan: Plan, tuples: readonly Tuple[], at: number) {
  const flow = flowOf(plan, { functions })
  const [before, after] = [tuples.slice(0, at), tuples.slice(at)]
  const time = after[0]?.time ?? tuples.at(-1)?.time ?? 0
  collect(flow, feed(before, { time }))
  return { flow, rest: feed(after, { first: at + 1, end: true }) }
}

for (const sql of RULES) {
  test(`nothing that comes after a snapshot is in it, and it changes nothing: ${sql}`, (t) => {
    const plan = planOf(sql, { functions })
    fc.assert(
      fc.property(input, ({ steps, at }) => {
        let time = 1000
        const tuples = steps.map(([payload, wait]) => {
          time += wait
          return { payload, time }
        })
        const cut = at % tuples.length
        const plain = fed(plan, tuples, cut)
        const expected = payloads(collect(plain.flow, plain.rest).emissions)
        const { flow, rest } = fed(plan, tuples, cut)
        const { state, positions } = flow.snapshot()
        // the one that was looked at goes on, and then another from what was seen
        t.deepEqual(payloads(collect(flow, rest).emissions), expected)
        const next = flowOf(plan, { functions, positions })
        t.deepEqual(next.restore(state), [])
        const again = fed(plan, tuples, cut)
        t.deepEqual(payloads(collect(next, again.rest).emissions), expected)
      }),
      { numRuns: 40, seed: 5 },
    )
  })
}
