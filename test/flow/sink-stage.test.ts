import test from 'ava'
import type { PluginSink } from '#src/flow/plugin-sink.ts'
import { ExtensionStates } from '#src/state/extension-states.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

const actions = [
  { type: 'log', props: {} },
  { type: 'log', props: { sendSingle: true } },
  { type: 'log', props: {} },
]
const input = () => feed([1, 2].map((v) => ({ payload: { v, list: [v] }, time: 1 })))

test('a sink that takes bytes gets payloads with their numbers, the host those of other actions', (t) => {
  const sink = recorder('bytes')
  const flow = flowOf(planOf('SELECT v FROM demo', { actions }), {
    positions: [0, 5, 0],
    plugins: pluginsWith(1, sink),
  })
  const { emissions } = collect(flow, input())
  t.deepEqual(sink.taken, [
    ['{"v":1}', 6],
    ['{"v":2}', 7],
  ])
  t.deepEqual([...new Set(emissions.map(({ action }) => action))].sort(), [0, 2])
  t.deepEqual(payloads(emissions, 2), [[{ v: 1 }], [{ v: 2 }]])
  t.deepEqual(flow.snapshot().positions, [2, 7, 2])
})

test('a sink that takes rows gets copies, one emission at a time', (t) => {
  const sink = recorder('rows')
  const sql = 'SELECT v, list FROM demo GROUP BY COUNTWINDOW(2, 1)'
  const flow = flowOf(planOf(sql, { actions }), { plugins: pluginsWith(2, sink) })
  collect(flow, input())
  const [[rows, sequence] = []] = sink.taken
  t.is(sequence, 1)
  t.deepEqual(rows, [
    { v: 1, list: [1] },
    { v: 2, list: [2] },
  ])
  // The second row stands in the next window too: what the sink does to it must not show there.
  ;((rows as { list: unknown[] }[])[1] as { list: unknown[] }).list.push('spoilt')
  collect(flow, feed([{ payload: { v: 3, list: [3] }, time: 2 }], { first: 3 }))
  t.deepEqual(sink.taken[1], [
    [
      { v: 2, list: [2] },
      { v: 3, list: [3] },
    ],
    2,
  ])
})

test('a sink that takes rows gets an empty array for a window in which no row came', (t) => {
  const sink = recorder('rows')
  const sql = 'SELECT v FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)'
  const flow = flowOf(planOf(sql), { plugins: pluginsWith(0, sink) })
  collect(flow, feed([{ payload: { v: 1 }, time: 1500 }]))
  collect(flow, feed([], { time: 3000 }))
  t.deepEqual(sink.taken, [
    [[{ v: 1 }], 1],
    [[], 2],
  ])
})

test('collect settles only when a full sink has room again', async (t) => {
  const sink = recorder('bytes')
  const room = Promise.withResolvers<void>()
  sink.room = () => room.promise
  const flow = flowOf(planOf('SELECT v FROM demo', { actions }), { plugins: pluginsWith(0, sink) })
  const collected = flow.collect([input()])
  t.true(collected instanceof Promise)
  room.resolve()
  t.deepEqual(payloads((await collected).emissions, 1), [{ v: 1 }, { v: 2 }])
})

function recorder(accepts: 'bytes' | 'rows') {
  const taken: [unknown, number][] = []
  const sink = {
    accepts,
    taken,
    takeBytes: (payload: Uint8Array, sequence: number) => {
      taken.push([Buffer.from(payload).toString(), sequence])
    },
    takeRows: (rows: unknown[], sequence: number) => {
      taken.push([rows, sequence])
    },
    room: (): Promise<void> | undefined => undefined,
  }
  return sink satisfies PluginSink
}

function pluginsWith(action: number, sink: PluginSink) {
  const none = () => {
    throw new Error('no functions')
  }
  return {
    call: none,
    aggregator: none,
    sink: (asked: number) => (asked === action ? sink : undefined),
    states: new ExtensionStates(),
  }
}
