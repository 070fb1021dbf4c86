import test from 'ava'
import { PushServers } from '#host/cell/connectors/httppush/server.ts'
import { HttpPushSource } from '#host/cell/connectors/httppush/source.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

/** Says that tuples are safe only when it is told to. */
class DurableWriter extends RecordingWriter {
  readonly waiting: (() => void)[] = []

  whenDurable(listener: () => void): void {
    this.waiting.push(listener)
  }
}

async function opened(writer: RecordingWriter, servers = new PushServers(), port?: number) {
  const source = new HttpPushSource(servers)
  const httpServerPort = port ?? (await freePort())
  source.configure('/api/data', { httpServerPort })
  await source.open(connectorContext().context, writer)
  return { source, port: httpServerPort, url: `http://127.0.0.1:${httpServerPort}/api/data` }
}

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers })

test('a body is a tuple, or with ndjson one a line', async (t) => {
  const writer = new RecordingWriter()
  const { source, url } = await opened(writer)
  t.is((await post(url, '[{"a":1},{"a":2}]')).status, 200)
  const type = { 'content-type': 'application/x-ndjson' }
  t.is((await post(url, '{"a":3}\r\n\n{"a":4}\n{"a":5}', type)).status, 200)
  t.deepEqual(writer.texts, ['[{"a":1},{"a":2}]', '{"a":3}', '{"a":4}', '{"a":5}'])
  t.deepEqual(writer.tuples[0]?.meta, { path: '/api/data' })
  await source.close()
})

test('it is answered when the tuples are safe, and not before', async (t) => {
  const writer = new DurableWriter()
  const { source, url } = await opened(writer)
  let status = 0
  const answered = post(url, '{"a":1}').then((response) => {
    status = response.status
  })
  await writer.has(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.is(status, 0)
  for (const safe of writer.waiting) safe()
  await answered
  t.is(status, 200)
  await source.close()
})

test('without room the answer is 429 with Retry-After, and nothing was taken', async (t) => {
  const writer = new RecordingWriter(2)
  const { source, url } = await opened(writer)
  const type = { 'content-type': 'application/x-ndjson' }
  const response = await post(url, '1\n2\n3', type)
  t.is(response.status, 429)
  t.is(response.headers.get('retry-after'), '1')
  t.deepEqual(writer.texts, [])
  t.is((await post(url, '1\n2', type)).status, 200)
  await source.close()
})

test('a request with an idempotency key is taken once, also while the first is under way', async (t) => {
  const writer = new DurableWriter()
  const { source, url } = await opened(writer)
  const key = { 'idempotency-key': 'k1' }
  const both = [post(url, '1', key), post(url, '1', key)]
  await writer.has(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const safe of writer.waiting) safe()
  t.deepEqual(
    (await Promise.all(both)).map(({ status }) => status),
    [200, 200],
  )
  t.is((await post(url, '1', key)).status, 200)
  t.deepEqual(writer.texts, ['1'])
  await source.close()
})

test('a key whose request was refused may come again', async (t) => {
  const writer = new RecordingWriter(0)
  const { source, url } = await opened(writer)
  const key = { 'idempotency-key': 'k1' }
  t.is((await post(url, '1', key)).status, 429)
  writer.makeRoom(1)
  t.is((await post(url, '1', key)).status, 200)
  t.deepEqual(writer.texts, ['1'])
  await source.close()
})

test('streams share a server, which ends with the last of them', async (t) => {
  const servers = new PushServers()
  const first = await opened(new RecordingWriter(), servers)
  const other = new HttpPushSource(servers)
  other.configure('other', { httpServerPort: first.port })
  const writer = new RecordingWriter()
  await other.open(connectorContext().context, writer)
  await first.source.close()
  t.is((await post(first.url, '1')).status, 404)
  const url = `http://127.0.0.1:${first.port}/other`
  t.is((await fetch(url)).status, 405)
  t.is((await post(url, '1')).status, 200)
  await other.close()
  await t.throwsAsync(post(url, '1'))
})

test('a body that is too long is refused', async (t) => {
  const writer = new RecordingWriter()
  const source = new HttpPushSource(new PushServers())
  const port = await freePort()
  source.configure('/x', { httpServerPort: port, bodyLimit: 10 })
  await source.open(connectorContext().context, writer)
  t.is((await post(`http://127.0.0.1:${port}/x`, '12345678901')).status, 413)
  t.deepEqual(writer.texts, [])
  await source.close()
})
