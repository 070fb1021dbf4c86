import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { collect, feed, flowOf, payloads, planOf, type RuleSetup } from './rule.ts'
import { runStreams } from './streams.ts'

const functions = builtInFunctions()
const stream = 'CREATE STREAM demo (v BIGINT, ts BIGINT) WITH (TIMESTAMP="ts")'

/** Rows at 100, 2100, 2200 and 5500 ms of event time; the stream does not end. */
function emitted(sql: string, props: Record<string, unknown> = {}): unknown[] {
  const setup: RuleSetup = {
    functions,
    stream,
    options: { isEventTime: true, lateTolerance: 0 },
    actions: [{ type: 'log', props }],
  }
  const rows = [
    { v: 1, ts: 100 },
    { v: 4, ts: 2100 },
    { v: 5, ts: 2200 },
    { v: 6, ts: 5500 },
  ].map((payload, i) => ({ payload, time: 50_000 + i }))
  return payloads(collect(flowOf(planOf(sql, setup), { functions }), feed(rows)).emissions)
}

const KEPT = 'SELECT v FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)'

test('a window without rows is an empty array, or a row of what is said of nothing', (t) => {
  t.deepEqual(emitted(KEPT), [[{ v: 1 }], [], [{ v: 4 }, { v: 5 }], [], []])
  t.deepEqual(
    emitted('SELECT sum(v) AS t, collect(v) AS vs FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)'),
    [[{ t: 1, vs: [1] }], [{ vs: null }], [{ t: 9, vs: [4, 5] }], [{ vs: null }], [{ vs: null }]],
  )
  t.deepEqual(
    emitted('SELECT v, count(*) AS n, median(v) AS m FROM demo GROUP BY HOPPINGWINDOW(ss, 1, 2)'),
    [[{ v: null, n: 0 }], [{ v: null, n: 0 }]],
  )
})

test('sinks that get rows one by one, or nothing empty, get nothing of it', (t) => {
  t.deepEqual(emitted(KEPT, { sendSingle: true }), [{ v: 1 }, { v: 4 }, { v: 5 }])
  t.deepEqual(emitted(KEPT, { omitIfEmpty: true }), [[{ v: 1 }], [{ v: 4 }, { v: 5 }]])
  t.deepEqual(emitted(KEPT, { dataField: 'v' }), [1, 4])
  t.deepEqual(emitted(KEPT, { dataTemplate: '{{len .}}' }), [1, 0, 2, 0, 0])
})

test('a window whose rows are all dropped behind it sends nothing', (t) => {
  const dropped = 'SELECT v, count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 1) HAVING n > 1'
  t.deepEqual(emitted(dropped), [[{ v: 4, n: 2 }]])
  t.deepEqual(emitted(`${KEPT} LIMIT 1`), [[{ v: 1 }], [], [{ v: 4 }], [], []])
  const all = 'SELECT DISTINCT v, row_number() AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(emitted(`${all} ORDER BY v DESC`), [
    [{ v: 1, n: 1 }],
    [],
    [
      { v: 5, n: 2 },
      { v: 4, n: 1 },
    ],
    [],
    [],
  ])
})

test('in processing time a rule asks to be told the end of each window, from the first row on', (t) => {
  const flow = flowOf(planOf(KEPT, { functions }), { functions })
  const { wakeAt, emissions } = collect(flow, feed([], {}))
  t.is(wakeAt, null)
  t.deepEqual(payloads(emissions), [])
  t.is(collect(flow, feed([{ payload: { v: 1 }, time: 1300 }])).wakeAt, 2000)
  const first = collect(flow, feed([], { time: 2000 }))
  t.deepEqual(payloads(first.emissions), [[{ v: 1 }]])
  t.is(first.wakeAt, 3000)
  const next = flowOf(planOf(KEPT, { functions }), { functions })
  t.deepEqual(next.restore(flow.snapshot().state), [])
  const second = collect(next, feed([], { time: 4000 }))
  t.deepEqual(payloads(second.emissions), [[], []])
  t.is(second.wakeAt, 5000)
})

test('a window without rows has nothing to join', (t) => {
  const streams = ['CREATE STREAM l (n BIGINT) WITH ()', 'CREATE STREAM r (n BIGINT) WITH ()']
  const rows = [
    { from: 'l', payload: { n: 1 }, time: 1000 },
    { from: 'r', payload: { n: 1 }, time: 1001 },
    { from: 'l', payload: { n: 2 }, time: 4000 },
  ]
  const from = 'FROM l FULL JOIN r ON l.n = r.n GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(runStreams(`SELECT l.n AS a ${from}`, rows, { streams }), [[{ a: 1 }], [{ a: 2 }]])
  t.deepEqual(runStreams(`SELECT count(*) AS n ${from}`, rows, { streams }), [
    [{ n: 1 }],
    [{ n: 1 }],
  ])
})
