import test from 'ava'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Plan } from '#src/plan/plan.ts'
import { collect, feed, flowOf, payloads, planOf, type RuleSetup, type Tuple } from './rule.ts'

const functions = builtInFunctions()
const EVENTS = 'CREATE STREAM demo () WITH (DATASOURCE="d", TIMESTAMP="ts")'
const late = { stream: EVENTS, options: { isEventTime: true, lateTolerance: 40, sendError: true } }

const RULES: readonly (readonly [string, RuleSetup?])[] = [
  ['SELECT k, v * 2 AS w, upper(s) AS u FROM demo WHERE v > 2', { options: { sendError: true } }],
  ['SELECT *, lag(v) OVER (PARTITION BY k) AS before FROM demo WHERE v != 3'],
  ['SELECT k, count(*) AS c, sum(v) AS t FROM demo GROUP BY k, TUMBLINGWINDOW(ms, 50)'],
  [
    'SELECT *, window_start() AS a, window_end() AS b FROM demo GROUP BY TUMBLINGWINDOW(ms, 50) ORDER BY v',
  ],
  ['SELECT k, collect(DISTINCT v) AS vs, avg(v) AS m FROM demo GROUP BY k, COUNTWINDOW(4)'],
  ['SELECT k, collect(v) AS vs FROM demo GROUP BY k, COUNTWINDOW(5, 2) HAVING count(*) > 1'],
  ['SELECT v FROM demo GROUP BY COUNTWINDOW(3, 1) LIMIT 2'],
  ['SELECT ts, v FROM demo WHERE v > 1', late],
  ['SELECT DISTINCT k, v FROM demo'],
  ['SELECT DISTINCT k FROM demo GROUP BY COUNTWINDOW(4)'],
  [
    'SELECT v, acc_sum(v) OVER (PARTITION BY k WHEN v > 1) AS t, changed_col(true, k) AS c FROM demo',
  ],
  ['SELECT v, last_hit_count() AS n FROM demo WHERE v > 3'],
  [
    'SELECT k, row_number() AS n, 6 / v AS q FROM demo GROUP BY COUNTWINDOW(4)',
    { options: { sendError: true } },
  ],
  ['SELECT unnest(s) AS u, v FROM demo', { options: { sendError: true } }],
  ['SELECT k, sum(v) AS t, window_end() AS e FROM demo GROUP BY k, TUMBLINGWINDOW(ms, 50)', late],
]

/** Of all windows, each with rows of its own kept and with aggregates, in processing time and in event time. */
const WINDOWS = [
  'TUMBLINGWINDOW(ms, 50)',
  'HOPPINGWINDOW(ms, 60, 20)',
  'SLIDINGWINDOW(ms, 40)',
  'SLIDINGWINDOW(ms, 40, 15)',
  'SLIDINGWINDOW(ms, 40) OVER (WHEN v > 4)',
  'SESSIONWINDOW(ms, 100, 20)',
  'SESSIONWINDOW(ms, 100, 20) OVER (PARTITION BY k)',
  'COUNTWINDOW(4)',
  'COUNTWINDOW(5, 2)',
  'STATEWINDOW(v > 1)',
  'STATEWINDOW(v > 4, v < 2)',
  'STATEWINDOW(v > 1) OVER (PARTITION BY k)',
  'COUNTWINDOW(3) FILTER (WHERE v != 2)',
]
const WINDOW_RULES = WINDOWS.flatMap((window): [string, RuleSetup?][] => {
  const kept = `SELECT v, k, window_start() AS a, window_end() AS b FROM demo GROUP BY ${window}`
  const sums = `SELECT k, count(*) AS c, sum(v) AS t, max(v) AS m FROM demo GROUP BY k, ${window}`
  const all = `SELECT count(v) AS c, min(v) AS m, last_value(v, true) AS l FROM demo GROUP BY ${window}`
  return [kept, sums, all].flatMap((sql): [string, RuleSetup?][] => [[sql], [sql, late]])
})

const row = fc.record(
  {
    k: fc.constantFrom<unknown>('a', 'b', 1, '1', null, true, [1, 'x'], { x: 1 }),
    v: fc.integer({ min: 0, max: 6 }),
    s: fc.constantFrom<unknown>('x', 'y', 5),
    ts: fc.integer({ min: 0, max: 400 }),
  },
  { requiredKeys: ['v'] },
)

const payload = fc.oneof({ weight: 20, arbitrary: row }, { weight: 1, arbitrary: fc.constant('{') })

/** Tuples in the order of their arrival, and how to cut them: after how many, and whether to take a snapshot there. */
const input = fc.record({
  steps: fc.array(fc.tuple(payload, fc.integer({ min: 0, max: 30 })), { maxLength: 60 }),
  cuts: fc.array(fc.record({ after: fc.nat(8), restarts: fc.boolean() }), { minLength: 1 }),
})

for (const [sql, setup] of [...RULES, ...WINDOW_RULES]) {
  const plan = planOf(sql, { ...setup, functions })
  const name = setup === late ? `${sql} in event time` : sql
  test(`other ranges, snapshots and restarts change nothing: ${name}`, (t) => {
    fc.assert(
      fc.property(input, ({ steps, cuts }) => {
        let time = 1000
        const tuples = steps.map(([value, wait]) => {
          time += wait
          return { payload: value, time }
        })
        t.deepEqual(inPieces(plan, tuples, cuts), atOnce(plan, tuples))
      }),
      { numRuns: 60, seed: 20 },
    )
    t.pass()
  })
}

function atOnce(plan: Plan, tuples: readonly Tuple[]): unknown[] {
  return payloads(collect(flowOf(plan, { functions }), feed(tuples, { end: true })).emissions)
}

/** Fed piece by piece; at some cuts the flow is thrown away and a new one goes on from its snapshot. */
function inPieces(
  plan: Plan,
  tuples: readonly Tuple[],
  cuts: readonly { after: number; restarts: boolean }[],
): unknown[] {
  const out: unknown[] = []
  let flow = flowOf(plan, { functions })
  let at = 0
  for (let i = 0; at < tuples.length; i++) {
    const { after, restarts } = cuts[i % cuts.length] ?? { after: 1, restarts: false }
    const end = at + Math.max(after, i % cuts.length === 0 ? 1 : 0)
    const piece = tuples.slice(at, end)
    // Nothing older than the next tuple is pending.
    const time = tuples[at + piece.length]?.time ?? tuples.at(-1)?.time ?? 0
    out.push(...payloads(collect(flow, feed(piece, { first: at + 1, time })).emissions))
    at += piece.length
    if (!restarts) continue
    const { state, positions, seen } = flow.snapshot()
    if (seen[0]?.sequence !== at) throw new Error(`seen ${seen[0]?.sequence}, not ${at}`)
    flow = flowOf(plan, { functions, positions })
    const dropped = flow.restore(structuredClone(state))
    if (dropped.length > 0) throw new Error(`dropped ${dropped.join()}`)
  }
  out.push(...payloads(collect(flow, feed([], { end: true })).emissions))
  return out
}
