import test from 'ava'
import { explain } from '#src/plan/explain.ts'
import { planStreams, runStreams, type StreamsSetup } from './streams.ts'

const { stringify } = JSON
const payload = { field: 'data', format: 'json', delimiter: '' } as const
const schemaless: StreamsSetup = {
  streams: ['CREATE STREAM s () WITH (DATASOURCE="s")'],
  payload: { s: payload },
}
const input = (time: number, row: Readonly<Record<string, unknown>>) => {
  return { from: 's', payload: row, time }
}
const three = [
  input(1, { device: 'a', data: '{"t":20,"h":60}' }),
  input(2, { device: 'b', t: 5, data: '[{"t":30},{"h":61}]' }),
  input(3, { device: 'c', data: '{"t":' }),
]
const emptied = (rows: readonly unknown[]) =>
  rows.map((row) => stringify(row).replace(/JSON: .*"}/, 'JSON"}'))
const broken = '{"error":"payload in field \\"data\\": payload is not JSON"}'

for (const [sql, ...wanted] of [
  [
    'SELECT * FROM s',
    '[{"device":"a","t":20,"h":60}]',
    '[{"device":"b","t":30}]',
    '[{"device":"b","t":5,"h":61}]',
    broken,
  ],
  [
    'SELECT device, t + 1 AS u FROM s WHERE t > 10',
    '[{"device":"a","u":21}]',
    '[{"device":"b","u":31}]',
    broken,
  ],
  ['SELECT data, h FROM s WHERE isNull(data)', '[{"h":60}]', '[{}]', '[{"h":61}]', broken],
  ['SELECT h FROM s WHERE device = "b" AND t = 5', '[{"h":61}]', broken],
  [
    'SELECT count(*) AS n, sum(t) AS t FROM s GROUP BY TUMBLINGWINDOW(ss, 1)',
    broken,
    '[{"n":3,"t":55}]',
  ],
] as const) {
  test(`payloads in a field: ${sql}`, (t) => {
    t.deepEqual(emptied(runStreams(sql, three, schemaless)), [...wanted])
  })
}

test('the time of a row may stand inside', (t) => {
  const setup: StreamsSetup = {
    ...schemaless,
    streams: ['CREATE STREAM s (at BIGINT, v BIGINT) WITH (DATASOURCE="s", TIMESTAMP="at")'],
    options: { isEventTime: true },
  }
  const inputs = [1000, 1500, 2100, 9000].map((at, v) => {
    return input(v, { v, data: stringify({ at }) })
  })
  const sql = 'SELECT collect(v) AS v FROM s GROUP BY TUMBLINGWINDOW(ss, 1)'
  t.deepEqual(runStreams(sql, inputs, setup).slice(0, 2), [[{ v: [0, 1] }], [{ v: [2] }]])
})

test('columns of a schema are found inside and around; one that is in neither is refused as ever', (t) => {
  const setup: StreamsSetup = {
    ...schemaless,
    streams: ['CREATE STREAM s (device STRING, t FLOAT) WITH (DATASOURCE="s")'],
  }
  t.deepEqual(emptied(runStreams('SELECT * FROM s', three, setup)), [
    '[{"device":"a","t":20}]',
    '[{"device":"b","t":30}]',
    '[{"device":"b","t":5}]',
    broken,
  ])
  t.throws(() => planStreams('SELECT h FROM s', setup), { message: /^unknown field h / })
})

test('a binary stream is decoded further', (t) => {
  const setup: StreamsSetup = {
    streams: ['CREATE STREAM s () WITH (DATASOURCE="s", FORMAT="binary")'],
    payload: { s: { ...payload, field: 'self' } },
  }
  const inputs = [input(1, { v: 7 })]
  t.deepEqual(runStreams('SELECT v + 1 AS w FROM s', inputs, setup), [[{ w: 8 }]])
})

test('payloadBatchField is refused for a lookup table', (t) => {
  const table = 'CREATE TABLE t () WITH (DATASOURCE="t", TYPE="memory", KIND="lookup", KEY="id")'
  const setup: StreamsSetup = {
    streams: [...schemaless.streams, table],
    payload: { t: { ...payload, batchField: 'frames' } },
  }
  t.throws(() => planStreams('SELECT s.v FROM s INNER JOIN t ON s.id = t.id', setup), {
    message: /^payloadBatchField cannot be used with the lookup table t /,
  })
})

test('explain says where the payload is', (t) => {
  t.regex(explain(planStreams('SELECT t FROM s', schemaless)), /PayloadField: data \(json\)/)
})
