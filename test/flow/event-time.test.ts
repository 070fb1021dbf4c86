import test from 'ava'
import fc from 'fast-check'
import { collect, payloads } from './rule.ts'
import {
  feedsAt,
  flowOfStreams,
  type Input,
  planStreams,
  runStreams,
  sequenced,
} from './streams.ts'

const streams = [
  'CREATE STREAM l (n BIGINT, ts BIGINT) WITH (TIMESTAMP="ts")',
  'CREATE STREAM r (n BIGINT, ts BIGINT) WITH (TIMESTAMP="ts")',
]
const SQL =
  'SELECT l.n AS a, r.n AS b FROM l FULL JOIN r ON l.n = r.n GROUP BY TUMBLINGWINDOW(ss, 1)'

function row(from: string, time: number, ts: number, n: number): Input {
  return { from, payload: { n, ts }, time }
}

const arrivals = fc.array(
  fc.record({ left: fc.boolean(), gap: fc.nat(50), back: fc.nat(1500), n: fc.nat(3) }),
  { maxLength: 30 },
)

test('what is late does not depend on which stream was read first', (t) => {
  const run = fc.property(
    arrivals,
    fc.array(fc.record({ left: fc.boolean(), count: fc.nat(4) }), { maxLength: 30 }),
    (all, cuts) => {
      let time = 5000
      const inputs = all.map(({ left, gap, back, n }) => {
        time += gap
        return row(left ? 'l' : 'r', time, 10 * time - back, n)
      })
      t.deepEqual(fed(inputs, cuts), fed(inputs, []))
    },
  )
  fc.assert(run, { numRuns: 300, seed: 20_260_102 })
})

function fed(inputs: readonly Input[], cuts: readonly { left: boolean; count: number }[]) {
  const plan = planStreams(SQL, { streams, options: { isEventTime: true, lateTolerance: 300 } })
  const flow = flowOfStreams(plan)
  const of = (name: string) => sequenced(inputs.filter(({ from }) => from === name))
  const queues = { l: of('l'), r: of('r') }
  const made: unknown[] = []
  const feed = (name: 'l' | 'r', count: number) => {
    const taken = queues[name].splice(0, count)
    const next = queues[name][0]?.time ?? 100_000
    const source = name === 'l' ? 0 : 1
    const feeds = feedsAt(plan, taken, next).filter((each) => each.source === source)
    made.push(...payloads(collect(flow, ...feeds).emissions))
  }
  for (const { left, count } of cuts) feed(left ? 'l' : 'r', count)
  feed('l', inputs.length)
  feed('r', inputs.length)
  made.push(...payloads(collect(flow, ...feedsAt(plan, [], 0, true)).emissions))
  return { made, late: flow.metrics().lateRows }
}

test('a stream that falls silent holds the other back only for idleTimeout', (t) => {
  const inputs = [
    row('r', 1000, 100, 1),
    row('l', 1010, 200, 1),
    row('l', 1500, 2500, 2),
    row('l', 2001, 4500, 3),
  ]
  const run = (idleTimeout: number) =>
    runStreams(
      SQL,
      inputs,
      { streams, options: { isEventTime: true, lateTolerance: 0, idleTimeout } },
      { end: false },
    )
  t.deepEqual(run(0), [])
  t.deepEqual(run(1000), [[{ a: 1, b: 1 }], [{ a: 2 }]])
})

test('a flow with an idle stream asks to be told the time, and goes on without another row', (t) => {
  const options = { isEventTime: true, lateTolerance: 0, idleTimeout: 1000 }
  const plan = planStreams(SQL, { streams, options })
  const flow = flowOfStreams(plan)
  const inputs = sequenced([
    row('r', 1000, 100, 1),
    row('l', 1010, 2500, 2),
    row('l', 1900, 5500, 3),
  ])
  collect(flow, ...feedsAt(plan, inputs, 1950))
  t.is(flow.wakeAt, 2000)
  const { emissions } = collect(flow, ...feedsAt(plan, [], 2000))
  t.deepEqual(payloads(emissions), [[{ b: 1 }], [{ a: 2 }]])
})

test('a timestamp too far ahead of the clock is an error of its row and makes no other late', (t) => {
  const inputs = [
    row('l', 1000, 900, 1),
    row('l', 1001, 9_000_000, 2),
    row('l', 1002, 1800, 3),
    row('l', 1003, 2100, 4),
  ]
  const sql = 'SELECT count(*) AS c FROM l GROUP BY TUMBLINGWINDOW(ss, 1)'
  const run = (maxDrift: number) =>
    runStreams(sql, inputs, {
      streams,
      options: { isEventTime: true, lateTolerance: 0, maxDrift },
    })
  t.deepEqual(run(5000), [
    { error: 'timestamp 9000000 is 8998999 ms ahead of the clock, maxDrift is 5000 ms' },
    [{ c: 1 }],
    [{ c: 1 }],
    [{ c: 1 }],
  ])
  // The gap has 8998 windows without rows.
  t.deepEqual(run(0), [[{ c: 1 }], ...Array.from({ length: 1000 }, () => [{ c: 0 }]), [{ c: 1 }]])
})
