import test from 'ava'
import type { PayloadChunk } from '#host/cell/connectors/connector.ts'
import { RowHub } from '#host/rules/rows.ts'
import { FRAME_HEADER_BYTES } from '#src/flow/frame.ts'
import { makeServer } from '#test/fixtures/server.ts'

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body })
const sql = 'CREATE STREAM s (a bigint) WITH (DATASOURCE="t")'
const rule = { id: 'r', sql: 'SELECT a FROM s', actions: [{ rows: {} }] }

test('rows are for rules with the action rows only', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/streams', { sql })
  await request('POST', '/rules', { ...rule, actions: [{ log: {} }] })
  t.deepEqual(
    await request('GET', '/rules/r/rows'),
    json(400, {
      error: 1000,
      message: 'rule "r" has no action "rows"; add {"rows": {}} to its actions',
      code: 'bad-rule',
    }),
  )
  t.deepEqual(
    await request('GET', '/rules/nosuch/rows'),
    json(404, {
      error: 1002,
      message: 'rows of rule error: Rule nosuch is not found.',
      code: 'not-found',
    }),
  )
})

test('a client that reads rows does not keep the server from ending', async (t) => {
  const { request, server } = await makeServer(t)
  await request('POST', '/streams', { sql })
  await request('POST', '/rules', rule)
  const response = await fetch(`${server.url}/rules/r/rows`)
  t.is(response.headers.get('content-type'), 'text/event-stream')
  const before = performance.now()
  const text = response.text()
  await server.close()
  t.is(await text, ': rows\n\n')
  t.true(performance.now() - before < 30_000)
})

test('rows reach those who listen to their rule and tenant, and nobody afterwards', async (t) => {
  const hub = new RowHub()
  const heard: string[] = []
  const end = hub.listen('default', 'r', (payload) => heard.push(payload))
  const open = async (tenant: string, ruleId: string) => {
    const sink = hub.connector().create()
    const logger = { debug() {}, info() {}, warn() {}, error() {} }
    const clock = { now: () => 0 }
    const { signal } = new AbortController()
    const context = {
      tenant,
      ruleId,
      name: 'rows_0',
      signal,
      logger,
      clock,
      qos: 0,
      generation: 'g',
    } as const
    await sink.open({ ...context, connection() {} })
    return sink
  }
  const [own, other, foreign] = [
    await open('default', 'r'),
    await open('default', 'q'),
    await open('b', 'r'),
  ]
  await own.collect(chunk('[{"a":1}]', '[{"a":2}]'))
  await other.collect(chunk('[{"a":3}]'))
  await foreign.collect(chunk('[{"a":4}]'))
  end()
  await own.collect(chunk('[{"a":5}]'))
  t.deepEqual(heard, ['[{"a":1}]', '[{"a":2}]'])
})

/** Payloads as frames without metadata. */
function chunk(...payloads: readonly string[]): PayloadChunk {
  const frames = payloads.map((payload) => {
    const bytes = Buffer.from(payload)
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + bytes.length)
    frame.writeUInt32LE(bytes.length, 0)
    bytes.copy(frame, FRAME_HEADER_BYTES)
    return frame
  })
  const all = new Uint8Array(Buffer.concat(frames))
  return { buffer: all.buffer, count: payloads.length, first: 0, epoch: 1 }
}
