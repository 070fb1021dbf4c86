import test from 'ava'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { explain } from '#src/plan/explain.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'
import { type Input, planStreams, runStreams } from './streams.ts'

const streams = ['CREATE STREAM s () WITH ()']
const SQL = 'SELECT *, dedup_trigger(begin, finish, ts, 99999) AS ranges FROM s'
const functions = builtInFunctions()

interface Asked {
  readonly begin: unknown
  readonly finish?: unknown
  readonly ts: unknown
}

function asked(rows: readonly Asked[], every = 10): Input[] {
  return rows.map((payload, i) => ({ from: 's', payload, time: 1000 + i * every }))
}

function key(start: number, end: number) {
  return { start_key: `${start}`, end_key: `${end}` }
}

test('a row is held until its range is over, and gets what no row before it had', (t) => {
  const rows = [
    { begin: 100, finish: 200, ts: 150 },
    { begin: 110, finish: 210, ts: 160 },
    { begin: 90, finish: 180, ts: 180 },
    { begin: 1700, finish: 1800, ts: 1800 },
  ]
  t.deepEqual(runStreams(SQL, asked(rows), { streams }), [
    [{ ...rows[2], ranges: [key(90, 180)] }],
    [{ ...rows[0], ranges: [key(180, 200)] }],
    [{ ...rows[1], ranges: [key(200, 210)] }],
    [{ ...rows[3], ranges: [key(1700, 1800)] }],
  ])
})

test('without another row it leaves when as much time has passed as its end was ahead', (t) => {
  const plan = planStreams(SQL, { streams })
  const flow = flowOf(plan, { functions })
  const row = { begin: 100, finish: 200, ts: 150 }
  const first = collect(flow, feed([{ payload: row, time: 1000 }], { time: 1000 }))
  t.deepEqual(first.emissions, [])
  t.is(first.wakeAt, 1051)
  t.deepEqual(collect(flow, feed([], { time: 1050, first: 2 })).emissions, [])
  const { emissions } = collect(flow, feed([], { time: 1051, first: 2 }))
  t.deepEqual(payloads(emissions), [[{ ...row, ranges: [key(100, 200)] }]])
  t.is(flow.wakeAt, null)
})

test('what is older than the expiry is not given; all of it taken gives an empty array', (t) => {
  const sql = 'SELECT dedup_trigger(begin, finish, ts, 100) FROM s'
  const rows = [
    { begin: 50, finish: 70, ts: 160 },
    { begin: 65, finish: 70, ts: 160 },
    { begin: 30, finish: 40, ts: 200 },
    { begin: 80, finish: 100, ts: 200 },
  ]
  const none = [{ dedup_trigger: [] }]
  t.deepEqual(runStreams(sql, asked(rows), { streams }), [
    [{ dedup_trigger: [key(60, 70)] }],
    none,
    none,
    none,
  ])
})

test('aliases and expressions are its arguments; its value can be unnested', (t) => {
  const sql =
    'SELECT ts - 50 AS a INVISIBLE, unnest(dedup_trigger(a, ts, ts, 1000)) FROM s WHERE ts > 0'
  const rows = [100, -5, 120, 60].map((ts) => ({ begin: 0, ts }))
  t.deepEqual(runStreams(sql, asked(rows), { streams }), [
    [key(50, 100)],
    [key(100, 120)],
    [key(10, 50)],
  ])
})

test('a row without a range is an error of that row', (t) => {
  const rows = [
    { begin: 5, finish: 5, ts: 5 },
    { begin: 'x', finish: 5, ts: 5 },
    { begin: 1.5, finish: 5, ts: 5 },
    { begin: 5, ts: 5 },
    { begin: 5, finish: 6, ts: null },
    { begin: 5, finish: 6, ts: 6 },
  ]
  t.deepEqual(runStreams(SQL, asked(rows), { streams }), [
    { error: 'dedup_trigger start time 5 is greater than end time 5' },
    { error: 'dedup_trigger start time x is not int64' },
    { error: 'dedup_trigger start time 1.5 is not int64' },
    { error: 'dedup_trigger finish is missing' },
    { error: 'dedup_trigger ts is missing' },
    [{ ...rows[5], ranges: [key(5, 6)] }],
  ])
})

const step = fc.record({
  begin: fc.nat(60),
  length: fc.integer({ min: 1, max: 30 }),
  now: fc.nat(80),
  wait: fc.nat(12),
})

test('batches, calls in between and a restart change nothing', (t) => {
  const plan = planOf('SELECT *, dedup_trigger(b, e, n, 40) AS r FROM demo', { functions })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(29), (steps, at) => {
      let time = 1000
      const tuples = steps.map(({ begin, length, now, wait }) => {
        time += wait
        return { payload: { b: begin, e: begin + length, n: now }, time }
      })
      const whole = flowOf(plan, { functions })
      const once = payloads(collect(whole, feed(tuples, { time, end: true })).emissions)
      t.is(once.length, tuples.length)
      let flow = flowOf(plan, { functions })
      const made: unknown[] = []
      for (const [i, tuple] of tuples.entries()) {
        if (i === at) {
          const { state, positions } = flow.snapshot()
          flow = flowOf(plan, { functions, positions })
          t.deepEqual(flow.restore(state), [])
        }
        const options = { time: tuple.time, first: i + 1 }
        made.push(...payloads(collect(flow, feed([tuple], options)).emissions))
      }
      const last = feed([], { time, first: tuples.length + 1, end: true })
      made.push(...payloads(collect(flow, last).emissions))
      t.deepEqual(made, once)
    }),
    { seed: 3, numRuns: 200 },
  )
})

test('the plan shows it', (t) => {
  const line = explain(planStreams(SQL, { streams })).split('\n')[1] ?? ''
  t.regex(
    line,
    /^\t\{"op":"DedupTriggerPlan_1","info":"Range:\{ s\.begin, s\.finish, s\.ts, 99999 \}"/,
  )
})

const refused = test.macro({
  exec(t, sql: string, message: string) {
    t.throws(() => runStreams(sql, [], { streams }), { message })
  },
  title: (_, sql) => `refused: ${sql}`,
})

test(
  refused,
  'SELECT a FROM s WHERE dedup_trigger(a, b, c, 5) = 1',
  'dedup_trigger can only be in select fields (line 1, column 23); use it in SELECT',
)
test(
  refused,
  'SELECT dedup_trigger(a, b, c, 5) FROM s GROUP BY COUNTWINDOW(2)',
  'dedup_trigger with a window (line 1, column 8); use it in a rule of its own, over the stream or a memory topic',
)
test(
  refused,
  'SELECT dedup_trigger(a, b, c, 5) AS r, count(*) AS n FROM s',
  'dedup_trigger in an aggregate query (line 1, column 1); use it in a rule of its own, over the stream or a memory topic',
)
test(
  refused,
  'SELECT dedup_trigger(a, b, c, d) FROM s',
  'dedup_trigger wants a whole number of ms as its 4th argument (line 1, column 8); such as 60000',
)
test(
  refused,
  'SELECT dedup_trigger(a, b, c, 5) AS r, dedup_trigger(r, b, c, 5) AS q FROM s',
  'dedup_trigger wants times in ms (line 1, column 40); give it the columns start, end and now',
)
