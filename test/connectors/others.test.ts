import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { LogSink } from '#host/cell/connectors/log.ts'
import { MemorySink } from '#host/cell/connectors/memory/sink.ts'
import { MemorySource } from '#host/cell/connectors/memory/source.ts'
import { MemoryTopics, matchesTopic } from '#host/cell/connectors/memory/topics.ts'
import { NopSink } from '#host/cell/connectors/nop.ts'
import { chunkPart } from '#host/cell/connectors/payloads.ts'
import { RestSink } from '#host/cell/connectors/rest.ts'
import { SimulatorSource } from '#host/cell/connectors/simulator.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

const nowhere = { done: () => {}, failed: () => {} }

const topics: [filter: string, topic: string, matches: boolean][] = [
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['#', 'anything/at/all', true],
  ['+/b', 'a/b', true],
  ['+', 'a/b', false],
]
for (const [filter, topic, matches] of topics) {
  test(`the filter ${filter} ${matches ? 'matches' : 'does not match'} the topic ${topic}`, (t) => {
    t.is(matchesTopic(filter, topic), matches)
  })
}

async function subscribe(
  all: MemoryTopics,
  tenant: string,
  filter: string,
  writer = new RecordingWriter(),
) {
  const source = new MemorySource(all)
  source.configure(filter, {})
  await source.open(connectorContext({ tenant }).context, writer)
  return { source, writer }
}

test('a memory topic reaches every reader of its tenant and nobody else', async (t) => {
  const all = new MemoryTopics()
  const a = await subscribe(all, 'one', 'rules/+')
  const b = await subscribe(all, 'two', '#')
  const sink = new MemorySink(all)
  sink.configure({ topic: 'rules/x' })
  await sink.open(connectorContext({ tenant: 'one' }).context)
  await sink.collect(payloadChunk(['[{"n":1}]', '[{"n":2}]']))
  t.deepEqual(a.writer.texts, ['[{"n":1}]', '[{"n":2}]'])
  t.deepEqual(a.writer.tuples[0]?.meta, { topic: 'rules/x' })
  t.deepEqual(b.writer.texts, [])
  await a.source.close()
  await sink.collect(payloadChunk(['[{"n":3}]']))
  t.is(a.writer.texts.length, 2)
})

test('a memory topic never pushes back: a reader that is full drops', async (t) => {
  const all = new MemoryTopics()
  const { writer } = await subscribe(all, 'one', 'x', new RecordingWriter(1))
  const sink = new MemorySink(all)
  sink.configure({ topic: 'x' })
  await sink.open(connectorContext({ tenant: 'one' }).context)
  await sink.collect(payloadChunk(['1', '2']))
  t.deepEqual([writer.texts, writer.dropped], [['1'], ['2']])
})

test('a simulator repeats its rows, and goes on where its offset says', async (t) => {
  const data = [{ n: 1 }, { n: 2 }]
  const first = new SimulatorSource()
  first.configure('', { data, interval: 1 })
  const writer = new RecordingWriter()
  await first.open(connectorContext().context, writer, nowhere)
  await writer.has(3)
  await first.close()
  t.deepEqual(writer.texts.slice(0, 3), ['{"n":1}', '{"n":2}', '{"n":1}'])

  const second = new SimulatorSource()
  second.configure('', { data, interval: 1 })
  second.rewind(writer.tuples[2]?.extra.offset)
  const more = new RecordingWriter()
  await second.open(connectorContext().context, more, nowhere)
  await more.has(1)
  await second.close()
  t.is(more.texts[0], '{"n":2}')
})

test('a simulator that does not loop ends after its last row', async (t) => {
  const source = new SimulatorSource()
  source.configure('', { data: [{ n: 1 }, { n: 2 }], interval: 1, loop: false })
  const writer = new RecordingWriter()
  await new Promise<void>((done) =>
    source.open(connectorContext().context, writer, { done, failed: () => {} }),
  )
  await source.close()
  t.deepEqual(writer.texts, ['{"n":1}', '{"n":2}'])
})

test('the log sink writes a line per payload, nop none', async (t) => {
  const { context, lines } = connectorContext()
  const log = new LogSink()
  await log.open(context)
  log.collect(payloadChunk(['[{"n":1}]']))
  const nop = new NopSink()
  nop.configure({})
  await nop.open(context)
  nop.collect(payloadChunk(['[{"n":2}]']))
  t.deepEqual(lines, ['sink result: [{"n":1}]'])
})

/** An HTTP server that answers with the given statuses in turn, then 200. */
async function startServer(statuses: number[]) {
  const requests: { method: string; type: string; body: string }[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      requests.push({
        method: request.method ?? '',
        type: request.headers['content-type'] ?? '',
        body,
      })
      response.writeHead(statuses.shift() ?? 200).end('said the server')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rows`
  return { url, requests, close: () => server.close() }
}

test('the rest sink sends each payload as a request of its own', async (t) => {
  const server = await startServer([])
  const sink = new RestSink()
  sink.configure({ url: server.url, method: 'POST' })
  await sink.open(connectorContext().context)
  await sink.collect(payloadChunk(['{"n":1}', '{"n":2}']))
  t.deepEqual(server.requests, [
    { method: 'POST', type: 'application/json', body: '{"n":1}' },
    { method: 'POST', type: 'application/json', body: '{"n":2}' },
  ])
  server.close()
})

test('an answer that may be better later says from which row on they are to come again', async (t) => {
  const server = await startServer([200, 503])
  const sink = new RestSink()
  sink.configure({ url: server.url, method: 'post' })
  await sink.open(connectorContext().context)
  const chunk = payloadChunk(['1', '2', '3'])
  const error = await t.throwsAsync(sink.collect(chunk))
  t.like(error, {
    code: 'retryable',
    index: 1,
    message: `sink "rest": POST ${server.url} answered 503 said the server`,
  })
  await sink.collect(chunkPart(chunk, 1))
  t.deepEqual(
    server.requests.map(({ body }) => body),
    ['1', '2', '2', '3'],
  )
  server.close()
})

test('an answer that will not be better drops the rows, and a server that is away is waited for', async (t) => {
  const server = await startServer([400])
  const sink = new RestSink()
  sink.configure({ url: server.url, method: 'post' })
  await sink.open(connectorContext().context)
  const refused = await t.throwsAsync(async () => sink.collect(payloadChunk(['1'])))
  t.like(refused, { code: 'refused', index: 0 })
  server.close()
  const away = new RestSink()
  away.configure({ url: 'http://127.0.0.1:1/x', method: 'post' })
  await away.open(connectorContext().context)
  t.like(await t.throwsAsync(away.collect(payloadChunk(['1']))), { code: 'not-connected' })
})
