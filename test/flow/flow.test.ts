import test from 'ava'
import { FLAG_NOTE } from '#src/flow/frame.ts'
import { collect, feed, flowOf, payloads, planOf, run } from './rule.ts'

const ROWS = [
  { id: 1, t: 21.5, on: true },
  { id: 2, t: 19, on: true },
  { id: 3, t: 30, on: false },
  { id: 4, t: 25, on: true },
]

test('a filter and a projection give a payload per row that passes', (t) => {
  t.deepEqual(run('SELECT id, t * 2 AS double FROM demo WHERE t > 20 AND `on` = true', ROWS), [
    [{ id: 1, double: 43 }],
    [{ id: 4, double: 50 }],
  ])
})

test('SELECT * gives the columns of the payload and no hidden ones', (t) => {
  t.deepEqual(run('SELECT *, lag(id) AS before FROM demo WHERE id < 3', ROWS), [
    [{ id: 1, t: 21.5, on: true }],
    [{ id: 2, t: 19, on: true, before: 1 }],
  ])
})

test('an array payload is a row per element', (t) => {
  t.deepEqual(run('SELECT id FROM demo', [ROWS.slice(0, 2), { id: 9 }]), [
    [{ id: 1 }],
    [{ id: 2 }],
    [{ id: 9 }],
  ])
})

test('a malformed payload and a row that fails are counted, named, and the flow goes on', (t) => {
  const flow = flowOf(planOf('SELECT upper(name) AS n FROM demo'))
  const tuples = ['{"name": "a"}', '{broken', '{"name": 5}', '{"name": "b"}']
  const { emissions, errors } = collect(flow, feed(tuples.map((payload) => ({ payload, time: 5 }))))
  t.deepEqual(payloads(emissions), [[{ n: 'A' }], [{ n: 'B' }]])
  t.deepEqual(flow.metrics().names, ['source_demo_0', 'op_2_decoder_0', 'op_3_project_0'])
  t.deepEqual([...flow.metrics().counters], [4, 4, 0, 1000, 4, 3, 1, 1000, 3, 2, 1, 1000])
  t.deepEqual(
    errors.map(({ operator }) => operator),
    [1, 2],
  )
  t.regex(errors[1]?.message ?? '', /upper/)
  t.deepEqual(collect(flow, feed([])).errors, [])
})

test('with sendError errors reach the sinks in the place of their rows', (t) => {
  const rows = ['{"name": "a"}', '{broken', '{"name": 5}', '{"name": "b"}']
  const sent = run('SELECT upper(name) AS n FROM demo', rows, { options: { sendError: true } })
  t.deepEqual(
    sent.map((payload) => (Array.isArray(payload) ? payload : Object.keys(payload as object))),
    [[{ n: 'A' }], ['error'], ['error'], [{ n: 'B' }]],
  )
})

test('a tumbling window closes on the time that the host tells, when no row comes', (t) => {
  const sql = `SELECT id, count(*) AS c, avg(t) AS m, window_start() AS s, window_end() AS e
    FROM demo GROUP BY id, TUMBLINGWINDOW(ss, 1)`
  const flow = flowOf(planOf(sql))
  const first = collect(
    flow,
    feed([
      { payload: { id: 1, t: 2 }, time: 1200 },
      { payload: { id: 1, t: 4 }, time: 1300 },
      { payload: { id: '1', t: 6 }, time: 1400 },
    ]),
  )
  t.deepEqual(first.emissions, [])
  t.is(first.wakeAt, 2000)
  const second = collect(flow, feed([], { time: 2000 }))
  t.deepEqual(payloads(second.emissions), [
    [
      { id: 1, c: 2, m: 3, s: 1000, e: 2000 },
      { id: '1', c: 1, m: 6, s: 1000, e: 2000 },
    ],
  ])
  t.is(second.wakeAt, null)
  t.deepEqual(collect(flow, feed([], { time: 9000 })).emissions, [])
})

test('a tumbling window without aggregates emits its rows, sorted and cut', (t) => {
  const sql = 'SELECT id FROM demo GROUP BY TUMBLINGWINDOW(ss, 1) ORDER BY t DESC LIMIT 2'
  t.deepEqual(run(sql, ROWS), [[{ id: 3 }, { id: 4 }]])
})

test('HAVING works on what was aggregated', (t) => {
  const sql = `SELECT \`on\`, count(*) AS c FROM demo
    GROUP BY \`on\`, TUMBLINGWINDOW(ss, 1) HAVING count(*) > 1`
  t.deepEqual(run(sql, ROWS), [[{ on: true, c: 3 }]])
})

test('a count window emits at every so many rows, the overlapping one too', (t) => {
  const rows = [1, 2, 3, 4, 5].map((v) => ({ v }))
  t.deepEqual(run('SELECT collect(v) AS vs FROM demo GROUP BY COUNTWINDOW(2)', rows), [
    [{ vs: [1, 2] }],
    [{ vs: [3, 4] }],
  ])
  t.deepEqual(run('SELECT collect(v) AS vs FROM demo GROUP BY COUNTWINDOW(3, 1)', rows), [
    [{ vs: [1, 2, 3] }],
    [{ vs: [2, 3, 4] }],
    [{ vs: [3, 4, 5] }],
  ])
  t.deepEqual(run('SELECT v FROM demo GROUP BY COUNTWINDOW(2)', rows), [
    [{ v: 1 }, { v: 2 }],
    [{ v: 3 }, { v: 4 }],
  ])
})

test('aggregates without a window are of each row', (t) => {
  t.deepEqual(run('SELECT id, count(*) AS c FROM demo WHERE id < 3', ROWS), [
    [{ id: 1, c: 1 }],
    [{ id: 2, c: 1 }],
  ])
})

test('event time: rows leave in the order of their timestamps, late ones are counted', (t) => {
  const stream = 'CREATE STREAM demo () WITH (DATASOURCE="d", TIMESTAMP="ts")'
  const options = { isEventTime: true, lateTolerance: 100 }
  const flow = flowOf(planOf('SELECT ts FROM demo', { stream, options }))
  const times = [1000, 1050, 1020, 1200, 1090, 1150]
  const tuples = times.map((ts, i) => ({ payload: { ts }, time: i }))
  const { emissions, wakeAt } = collect(flow, feed(tuples))
  t.deepEqual(
    payloads(emissions),
    [1000, 1020, 1050].map((ts) => [{ ts }]),
  )
  t.is(wakeAt, null)
  t.is(flow.metrics().lateRows, 1)
  const last = collect(flow, feed([], { end: true }))
  t.deepEqual(payloads(last.emissions), [[{ ts: 1150 }], [{ ts: 1200 }]])
  t.true(last.done)
})

test('event time: a row without a timestamp is a row error', (t) => {
  const stream = 'CREATE STREAM demo () WITH (DATASOURCE="d", TIMESTAMP="ts")'
  const options = { isEventTime: true, lateTolerance: 0, sendError: true }
  const sent = run('SELECT v FROM demo', [{ v: 1 }, { v: 2, ts: 5 }, { v: 3, ts: 'x' }], {
    stream,
    options,
  })
  t.deepEqual(sent[0], { error: 'cannot find timestamp field ts in tuple' })
  t.deepEqual(sent[1], [{ v: 2 }])
  t.regex((sent[2] as { error: string }).error, /cannot convert timestamp field ts .*x/)
})

test('metadata comes from the feed by reference, or from the note of the frame', (t) => {
  const flow = flowOf(planOf('SELECT id, meta(topic) AS m, meta(a->b) AS n FROM demo'))
  const plain = feed([{ payload: { id: 1 }, time: 1 }])
  const [range] = plain.ranges
  if (range === undefined) throw new Error('no range')
  new DataView(range.buffer).setUint32(4, 7 << 8, true)
  const metas = [{ reference: 7, meta: { topic: 'x', a: { b: 5 } } }]
  t.deepEqual(payloads(collect(flow, { ...plain, metas }).emissions), [[{ id: 1, m: 'x', n: 5 }]])
  const noted = { ...plain, ranges: [noteRange({ meta: { topic: 'y' }, offset: 9 }, { id: 2 })] }
  t.deepEqual(payloads(collect(flow, noted).emissions), [[{ id: 2, m: 'y' }]])
  t.deepEqual(flow.snapshot().seen, [{ sequence: 40, offset: 9 }])
})

test('actions with equal options get the same payloads, numbered by action', (t) => {
  const actions = [
    { type: 'log', props: {} },
    { type: 'log', props: { sendSingle: true } },
    { type: 'log', props: {} },
  ]
  const flow = flowOf(planOf('SELECT id FROM demo', { actions }), { positions: [10, 20, 30] })
  const { emissions } = collect(flow, feed(ROWS.map((payload, time) => ({ payload, time }))))
  t.deepEqual(payloads(emissions, 0)[0], [{ id: 1 }])
  t.deepEqual(payloads(emissions, 1)[0], { id: 1 })
  t.deepEqual(payloads(emissions, 2), payloads(emissions, 0))
  t.is(new Set(emissions.map(({ buffer }) => buffer)).size, 3)
  t.deepEqual(emissions.map(({ action, first, count }) => [action, first, count]).sort(), [
    [0, 11, 4],
    [1, 21, 4],
    [2, 31, 4],
  ])
  t.deepEqual(flow.snapshot().positions, [14, 24, 34])
})

test('a state that fits no operator is named, the others are restored', (t) => {
  const before = flowOf(planOf('SELECT count(*) AS c FROM demo GROUP BY COUNTWINDOW(3)'))
  collect(before, feed([{ payload: { v: 1 }, time: 1 }]))
  const { state, seen } = before.snapshot()
  t.deepEqual(seen, [{ sequence: 1 }])
  const same = flowOf(planOf('SELECT count(*) AS c FROM demo GROUP BY COUNTWINDOW(3)'))
  t.deepEqual(same.restore(state), [])
  t.deepEqual(same.snapshot().seen, [{ sequence: 1 }])
  const other = flowOf(planOf('SELECT count(*) AS c FROM demo GROUP BY COUNTWINDOW(4)'))
  t.is(other.restore(state).length, 1)
})

function noteRange(note: object, row: unknown) {
  const text = Buffer.from(JSON.stringify(note))
  const payload = Buffer.from(JSON.stringify(row))
  const bytes = Buffer.from(new ArrayBuffer(20 + text.length + payload.length))
  bytes.writeUInt32LE(payload.length, 0)
  bytes.writeUInt32LE(FLAG_NOTE, 4)
  bytes.writeDoubleLE(5, 8)
  bytes.writeUInt32LE(text.length, 16)
  text.copy(bytes, 20)
  payload.copy(bytes, 20 + text.length)
  return { buffer: bytes.buffer, count: 1, first: 40 }
}
