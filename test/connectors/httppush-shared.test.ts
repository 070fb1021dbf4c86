import test, { type ExecutionContext } from 'ava'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { PushServers } from '#host/cell/connectors/httppush/server.ts'
import { HttpPushSource } from '#host/cell/connectors/httppush/source.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment } from '#test/fixtures/cell/cells.ts'
import { sinks } from '#test/fixtures/cell/connectors.ts'
import {
  eventually,
  keyOf,
  linesOf,
  numbersRule,
  outputFile,
  statusWhere,
} from '#test/fixtures/cell/rules.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'
import { planOf } from '#test/flow/rule.ts'

class SafeWriter extends RecordingWriter {
  whenDurable(listener: () => void): void {
    listener()
  }
}

/** Two sources on one path: what the one takes is safe, and the other has no spool. */
async function both(t: ExecutionContext, options: { safe: SafeWriter; fast: RecordingWriter }) {
  const servers = new PushServers()
  const port = await freePort()
  const open = async (writer: RecordingWriter, { tenant = 'default', method = 'post' } = {}) => {
    const source = new HttpPushSource(servers)
    source.configure('/in', { httpServerPort: port, method })
    await source.open(connectorContext({ tenant }).context, writer)
    t.teardown(() => source.close())
    return source
  }
  const fast = await open(options.fast)
  const safe = await open(options.safe)
  const type = { 'content-type': 'application/x-ndjson' }
  const send = async (method: string, body: string, headers: Record<string, string> = {}) => {
    const url = `http://127.0.0.1:${port}/in`
    return (await fetch(url, { method, body, headers: { ...type, ...headers } })).status
  }
  const post = (body: string, headers?: Record<string, string>) => send('POST', body, headers)
  return { open, post, send, fast, safe }
}

test('all sources on a path get each request, also when the same comes again', async (t) => {
  const writers = { safe: new SafeWriter(), fast: new RecordingWriter() }
  const { post, safe, fast } = await both(t, writers)
  const key = { 'idempotency-key': 'k' }
  t.deepEqual([await post('1\n2', key), await post('1\n2', key), await post('3')], [200, 200, 200])
  t.deepEqual(writers.safe.texts, ['1', '2', '3'])
  t.deepEqual(writers.fast.texts, ['1', '2', '3'])
  await safe.close()
  t.is(await post('4'), 200)
  t.deepEqual(writers.safe.texts.at(-1), '3')
  t.deepEqual(writers.fast.texts.at(-1), '4')
  await fast.close()
  await t.throwsAsync(post('5'))
})

test('the one that is safe decides; the other one drops what it has no room for', async (t) => {
  const writers = { safe: new SafeWriter(3), fast: new RecordingWriter(1) }
  const { post } = await both(t, writers)
  t.is(await post('1\n2\n3\n4'), 429)
  t.deepEqual([writers.safe.texts, writers.fast.texts], [[], []])
  t.is(await post('1\n2'), 200)
  t.deepEqual(writers.safe.texts, ['1', '2'])
  t.deepEqual([writers.fast.texts, writers.fast.dropped], [['1'], ['2']])
})

test('of sources that have to be safe all take a request, or none does', async (t) => {
  const writers = { safe: new SafeWriter(3), fast: new RecordingWriter() }
  const { open, post } = await both(t, writers)
  const second = new SafeWriter(1)
  await open(second)
  t.is(await post('1\n2'), 429)
  t.deepEqual([writers.safe.texts, second.texts, writers.fast.texts], [[], [], []])
  second.makeRoom(1)
  t.is(await post('1\n2'), 200)
  t.deepEqual(
    [writers.safe.texts, second.texts],
    [
      ['1', '2'],
      ['1', '2'],
    ],
  )
})

test('a request that one of them has already by its key is taken by the others when it comes again', async (t) => {
  const writers = { safe: new SafeWriter(), fast: new RecordingWriter() }
  const { open, post } = await both(t, writers)
  const key = { 'idempotency-key': 'k' }
  t.is(await post('1', key), 200)
  const second = new SafeWriter()
  await open(second)
  t.is(await post('1', key), 200)
  t.deepEqual([writers.safe.texts, second.texts], [['1'], ['1']])
})

test('where none has to be safe, one without room does not keep the others from it', async (t) => {
  const writers = { safe: new SafeWriter(), fast: new RecordingWriter(1) }
  const { open, post, safe } = await both(t, writers)
  await safe.close()
  const second = new RecordingWriter(2)
  await open(second)
  t.deepEqual([await post('1'), await post('2'), await post('3')], [200, 200, 429])
  t.deepEqual([second.texts, writers.fast.texts, writers.fast.dropped], [['1', '2'], ['1'], ['2']])
})

test('each method of a path has its sources, and a path has one tenant', async (t) => {
  const { open, send } = await both(t, { safe: new SafeWriter(), fast: new RecordingWriter() })
  const writer = new RecordingWriter()
  t.is(await send('PUT', '1'), 405)
  await open(writer, { method: 'put' })
  t.deepEqual([await send('PUT', '1'), await send('POST', '2')], [200, 200])
  t.deepEqual(writer.texts, ['1'])
  await t.throwsAsync(open(new SafeWriter(), { tenant: 'other' }), {
    message: /path \/in of 127\.0\.0\.1:\d+ belongs to another tenant/,
  })
})

const readByTwo = test.macro(async (t, shared: boolean) => {
  const { environment } = memoryEnvironment()
  const builtin = createBuiltinConnectors()
  const cell = new LocalCell({
    environment,
    connectors: { ...builtin, sinks: new Map([...builtin.sinks, ...sinks]) },
    cacheFolder,
    dataFolder: makeFolder(t),
  })
  t.teardown(() => cell.close())
  const port = await freePort()
  const paths = [await outputFile(), await outputFile()]
  for (const [qos, path] of [
    [0, paths[0]],
    [1, paths[1]],
  ] as const) {
    const made = numbersRule({ rule: `q${qos}`, shared, sink: { path }, options: { qos } })
    const plan = planOf('SELECT n FROM demo', { actions: [{ type: 'lines', props: {} }] })
    const props = { httpServerPort: port }
    const as = { type: 'httppush', datasource: '/in', props }
    await cell.deploy({ ...made, plan, sources: made.sources.map((spec) => ({ ...spec, ...as })) })
    await statusWhere(cell, `q${qos}`, ({ state }) => state === 'running')
  }
  const url = `http://127.0.0.1:${port}/in`
  const body = '{"n":1}\n{"n":2}'
  const headers = { 'content-type': 'application/x-ndjson' }
  t.is((await fetch(url, { method: 'POST', body, headers })).status, 200)
  for (const path of paths) {
    const read = async () =>
      (await linesOf(path ?? '')).flatMap((line) => [JSON.parse(line)].flat())
    t.deepEqual(await eventually(read, ({ length }) => length >= 2), [{ n: 1 }, { n: 2 }])
  }
  await cell.stop(keyOf('q0'))
  t.is((await fetch(url, { method: 'POST', body: '{"n":3}' })).status, 200)
})

test('rules at qos 0 and at qos 1 read one shared stream', readByTwo, true)
test('rules at qos 0 and at qos 1 have a source each on one path', readByTwo, false)
