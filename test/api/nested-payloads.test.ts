import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { makeServer } from '#test/fixtures/server.ts'
import { until } from '#test/fixtures/until.ts'

const { stringify } = JSON
const rule = { id: 'r', sql: 'SELECT * FROM s', actions: [{ log: {} }] }
const stream = (extra: object) => ({
  sql: `CREATE STREAM s () WITH (DATASOURCE="s", TYPE="memory", EXTRA="${stringify(extra).replaceAll('"', '\\"')}")`,
})

test('payloadField and its companions are properties of a source', async (t) => {
  const { request, cell } = await makeServer(t)
  const props = {
    payloadField: 'data',
    payloadFormat: 'Delimited',
    payloadDelimiter: ';',
    payloadBatchField: 'frames',
  }
  await request('POST', '/streams', stream(props))
  const answer = await request('POST', '/rules', rule)
  t.is(answer.status, 201, stringify(answer.body))
  t.deepEqual(cell.spec('r')?.plan.sources[0]?.payload, {
    field: 'data',
    batchField: 'frames',
    format: 'delimited',
    delimiter: ';',
  })
})

for (const [extra, message] of [
  [
    { payloadField: 'data' },
    /property "payloadFormat" is missing: a payload in a field needs both/,
  ],
  [
    { payloadFormat: 'json' },
    /property "payloadField" is missing: a payload in a field needs both/,
  ],
  [{ payloadBatchField: 'frames' }, /property "payloadField" is missing/],
  [
    { payloadField: 'data', payloadFormat: 'protobuf' },
    /source of "s": property "payloadFormat" must be one of json, binary, delimited, not "protobuf"/,
  ],
] as const) {
  test(`a rule over a source with ${stringify(extra)} is refused`, async (t) => {
    const { request } = await makeServer(t)
    await request('POST', '/streams', stream(extra))
    const { status, body } = await request('POST', '/rules', rule)
    t.is(status, 400)
    t.regex((body as { message: string }).message, message)
  })
}

test('a running rule sends what its payloads hold', async (t) => {
  const folder = makeFolder(t)
  const host = await HostProcess.start(folder)
  t.teardown(() => host.kill())
  const data = [
    { device: 'a', data: '{"t":20,"h":60}' },
    { device: 'b', data: Buffer.from('[{"t":30},{"t":5}]').toString('base64') },
    { device: 'c' },
    { device: 'd', data: '{"t":40}' },
  ]
  const payload = { payloadField: 'data', payloadFormat: 'json' }
  const props = { data, interval: '10ms', ...payload }
  await host.send('PUT', '/metadata/sources/simulator/confKeys/here', props)
  const sql =
    'CREATE STREAM s () WITH (DATASOURCE="x", TYPE="simulator", FORMAT="json", CONF_KEY="here")'
  await host.send('POST', '/streams', { sql })
  const path = join(folder, 'out.jsonl')
  await host.send('POST', '/rules', {
    id: 'r',
    sql: 'SELECT device, t FROM s WHERE t > 10',
    actions: [{ file: { path, sendSingle: true } }],
    options: { sendError: false },
  })
  const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [])
  await until('the first three rows', () => lines().length >= 3)
  t.deepEqual(lines().slice(0, 3), [
    '{"device":"a","t":20}',
    '{"device":"b","t":30}',
    '{"device":"d","t":40}',
  ])
  await until('the row without a payload in the status', async () =>
    /payload in field \\"data\\": there is none/.test(
      stringify(await host.send('GET', '/rules/r/status')),
    ),
  )
})
