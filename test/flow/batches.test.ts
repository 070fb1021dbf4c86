import { Buffer } from 'node:buffer'
import zlib from 'node:zlib'
import test from 'ava'
import { payloadsOf } from '#host/cell/connectors/payloads.ts'
import type { Emission } from '#src/worker/protocol.ts'
import { collect, feed, flowOf, planOf } from './rule.ts'

type Props = Record<string, unknown>

function planWith(props: Props, sql = 'SELECT v, k FROM demo', type = 'mqtt') {
  return planOf(sql, { actions: [{ type, props }] })
}

function rows(from: number, to: number, time = 1000) {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    payload: { v: from + i, k: (from + i) % 2 === 0 ? 'even' : 'odd' },
    time: time + i,
  }))
}

function texts(emissions: readonly Emission[]): string[] {
  return emissions.flatMap((emission) =>
    [...payloadsOf({ ...emission, epoch: 1 })].map(({ bytes }) => Buffer.from(bytes).toString()),
  )
}

function noted(emissions: readonly Emission[]): [unknown, unknown][] {
  return emissions.flatMap((emission) =>
    [...payloadsOf({ ...emission, epoch: 1 })].map(({ bytes, meta }): [unknown, unknown] => [
      meta,
      JSON.parse(Buffer.from(bytes).toString()),
    ]),
  )
}

test('batchSize: so many rows are one payload, an array of what they would have been', (t) => {
  const flow = flowOf(planWith({ batchSize: 2 }, 'SELECT v FROM demo'))
  t.deepEqual(texts(collect(flow, feed(rows(1, 5))).emissions), [
    '[[{"v":1}],[{"v":2}]]',
    '[[{"v":3}],[{"v":4}]]',
  ])
  const single = flowOf(planWith({ batchSize: 2, sendSingle: true }, 'SELECT v FROM demo'))
  t.deepEqual(texts(collect(single, feed(rows(1, 3))).emissions), ['[{"v":1},{"v":2}]'])
})

test('lingerInterval: what waits leaves when its time has come, by the time of the rows', (t) => {
  const flow = flowOf(planWith({ lingerInterval: 100, sendSingle: true }, 'SELECT v FROM demo'))
  const first = collect(flow, feed(rows(1, 2, 1000), { time: 1050 }))
  t.deepEqual(texts(first.emissions), [])
  t.is(first.wakeAt, 1100)
  const second = collect(flow, feed([], { time: 1100 }))
  t.deepEqual(texts(second.emissions), ['[{"v":1},{"v":2}]'])
  t.is(second.wakeAt, null)
})

test('the same rows in other pieces make the same batches', (t) => {
  const plan = planWith(
    { lingerInterval: 10, batchSize: 7, sendSingle: true },
    'SELECT v FROM demo',
  )
  const all = rows(1, 40)
  const whole = texts(collect(flowOf(plan), feed(all)).emissions)
  const pieces = flowOf(plan)
  const found: string[] = []
  for (let i = 0; i < all.length; i += 3) {
    found.push(...texts(collect(pieces, feed(all.slice(i, i + 3), { first: i + 1 })).emissions))
  }
  t.true(whole.length > 3)
  t.deepEqual(found, whole)
})

test('what lingers is part of the state, and leaves when the flow is told to flush', (t) => {
  const plan = planWith({ batchSize: 4, sendSingle: true }, 'SELECT v FROM demo')
  const flow = flowOf(plan)
  collect(flow, feed(rows(1, 3)))
  const { state, positions } = flow.snapshot()
  t.deepEqual(positions, [0])
  const next = flowOf(plan)
  t.deepEqual(next.restore(state), [])
  t.deepEqual(texts(collect(next, feed(rows(4, 5), { first: 4 })).emissions), [
    '[{"v":1},{"v":2},{"v":3},{"v":4}]',
  ])
  const flush = { source: 0, ranges: [], time: 0, end: false, metas: [], flush: true }
  t.deepEqual(texts(collect(next, flush).emissions), ['[{"v":5}]'])
})

test('at the end of the sources what lingers leaves', (t) => {
  const flow = flowOf(planWith({ batchSize: 100, sendSingle: true }, 'SELECT v FROM demo'))
  const { emissions, done } = collect(flow, feed(rows(1, 2), { end: true }))
  t.true(done)
  t.deepEqual(texts(emissions), ['[{"v":1},{"v":2}]'])
})

test('of a batch the template gets all rows, and lines of delimited rows follow each other', (t) => {
  const template = '{{range .}}{{.v}};{{end}}'
  const flow = flowOf(planWith({ batchSize: 3, dataTemplate: template }))
  t.deepEqual(texts(collect(flow, feed(rows(1, 3))).emissions), ['1;2;3;'])
  const props = { batchSize: 2, format: 'delimited', hasHeader: true, fields: ['v', 'k'] }
  const lines = flowOf(planWith(props))
  t.deepEqual(texts(collect(lines, feed(rows(1, 2))).emissions), ['v,k\n1,odd\n2,even'])
})

test('a topic that is made for each row travels with its payload', (t) => {
  const flow = flowOf(planWith({ topic: 'out/{{.k}}', sendSingle: true, fields: ['v'] }))
  t.deepEqual(noted(collect(flow, feed(rows(1, 3))).emissions), [
    [{ topic: 'out/odd' }, { v: 1 }],
    [{ topic: 'out/even' }, { v: 2 }],
    [{ topic: 'out/odd' }, { v: 3 }],
  ])
})

test('a batch of rows with different topics is taken apart, and so is a window', (t) => {
  const props = { topic: '{{.k}}', sendSingle: true, batchSize: 4, fields: ['v'] }
  const batch = flowOf(planWith(props))
  const expected = [
    [{ topic: 'odd' }, [{ v: 1 }, { v: 3 }]],
    [{ topic: 'even' }, [{ v: 2 }, { v: 4 }]],
  ]
  t.deepEqual(noted(collect(batch, feed(rows(1, 4))).emissions), expected as [unknown, unknown][])
  const sql = 'SELECT v, k FROM demo GROUP BY COUNTWINDOW(4)'
  const window = flowOf(planWith({ topic: '{{.k}}', fields: ['v'] }, sql))
  t.deepEqual(noted(collect(window, feed(rows(1, 4))).emissions), expected as [unknown, unknown][])
})

test('a header that is made for each row is found under its name', (t) => {
  const props = { url: 'http://h/{{.v}}', headers: { 'X-Kind': '{{.k}}', Other: 'o' } }
  const flow = flowOf(planWith({ ...props, sendSingle: true }, undefined, 'rest'))
  t.deepEqual(noted(collect(flow, feed(rows(1, 1))).emissions), [
    [
      { url: 'http://h/1', 'headers.X-Kind': 'odd' },
      { v: 1, k: 'odd' },
    ],
  ])
})

const unpack = {
  gzip: zlib.gunzipSync,
  zlib: zlib.inflateSync,
  flate: zlib.inflateRawSync,
  zstd: zlib.zstdDecompressSync,
} as const
for (const [compression, open] of Object.entries(unpack)) {
  test(`compression ${compression}: each payload is closed on its own, with its topic outside`, (t) => {
    const props = { compression, compressionProps: { level: 3 }, topic: '{{.k}}', sendSingle: true }
    const flow = flowOf(planWith(props))
    const opened = collect(flow, feed(rows(1, 2))).emissions.flatMap((emission) =>
      [...payloadsOf({ ...emission, epoch: 1 })].map(({ bytes, meta }) => [
        meta?.topic,
        open(bytes).toString(),
      ]),
    )
    t.deepEqual(opened, [
      ['odd', '{"v":1,"k":"odd"}'],
      ['even', '{"v":2,"k":"even"}'],
    ])
  })
}
