import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { inProcess, type TestOptions, type TestPlugin } from '@plutino/sdk/testing'
import test, { type ExecutionContext } from 'ava'
import { verdictOf, waitOf } from '../sinks/answers.ts'

const project = fileURLToPath(new URL('..', import.meta.url))

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Request {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

/** A service that answers with these, one after another; where there is none left, it hangs up. */
async function startService(t: ExecutionContext, answers: readonly Answer[]) {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    const answer = answers[requests.length]
    const { method, url, headers } = request
    requests.push({ method, url, headers, body: await textOf(request) })
    if (answer === undefined) response.destroy()
    else response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, requests }
}

async function opened(plugin: TestPlugin, origin: string, props: object = {}) {
  return plugin.sink('webhook', { props: { url: `${origin}/rows`, ...props } })
}

function granted(origin: string): TestOptions {
  return { grants: { network: [origin] }, secrets: { webhookToken: 'a token' } }
}

/** Moves the clock, a step at a time, until it holds. */
async function until(t: ExecutionContext, plugin: TestPlugin, ms: number, holds: () => boolean) {
  t.timeout(300_000, `${holds} did not happen`)
  while (!holds()) await plugin.clock.advance(ms)
}

const rows = '[{"n":1},{"n":2}]'

test('an emission is one request, with the key of its row id and the secret', async (t) => {
  const { origin, requests } = await startService(t, [{ status: 202 }])
  await using plugin = await inProcess(project, granted(origin))
  const sink = await opened(plugin, origin, {
    headers: { 'X-From': 'us' },
    secretHeader: 'Authorization',
    secretPrefix: 'Bearer ',
  })
  await sink.collect(rows)
  t.is(requests.length, 1)
  t.like(requests[0], {
    method: 'POST',
    url: '/rows',
    body: rows,
    headers: {
      'content-type': 'application/json',
      'x-from': 'us',
      authorization: 'Bearer a token',
      'idempotency-key': 'test-1-sink_0-1',
    },
  })
})

test('what may pass later comes again with the same key, what never will is dropped', async (t) => {
  const { origin, requests } = await startService(t, [
    { status: 503, body: 'busy' },
    { status: 422, body: 'no such field' },
  ])
  await using plugin = await inProcess(project, granted(origin))
  const sink = await opened(plugin, origin)
  const emission = sink.collect(rows)
  await until(t, plugin, 0, () => sink.retries.length === 1)
  t.like(sink.retries[0], { message: 'webhook: 503 busy', code: 'retryable' })
  await plugin.clock.advance(200)
  await t.throwsAsync(emission, { message: 'webhook: 422 no such field', code: 'failed' })
  const keys = requests.map(({ headers }) => headers['idempotency-key'])
  t.deepEqual(keys, ['test-1-sink_0-1', 'test-1-sink_0-1'])
})

test('a service that hangs up, and one that is not granted, are asked again later', async (t) => {
  const { origin } = await startService(t, [])
  await using plugin = await inProcess(project, granted(origin))
  for (const [url, message] of [
    [origin, /^webhook: fetch failed/],
    ['https://hooks.example.com', /was not granted/],
  ] as const) {
    const sink = await opened(plugin, url)
    const emission = sink.collect(rows)
    await until(t, plugin, 0, () => sink.retries.length === 1)
    t.regex(sink.retries[0]?.message ?? '', message)
    t.is(sink.retries[0]?.code, 'retryable')
    await sink.close()
    await t.throwsAsync(emission, { message: /was closed/ })
  }
})

test('a service that says Retry-After is left alone until then', async (t) => {
  const { origin, requests } = await startService(t, [
    { status: 429, headers: { 'retry-after': '60' } },
    { status: 200 },
  ])
  await using plugin = await inProcess(project, granted(origin))
  const sink = await opened(plugin, origin)
  const emission = sink.collect(rows)
  await until(t, plugin, 0, () => sink.retries.length === 1)
  await plugin.clock.advance(59_999)
  t.is(requests.length, 1)
  t.true(sink.retries.length > 1)
  for (const { message, code } of sink.retries.slice(1)) {
    t.deepEqual([message, code], ['webhook: the service asked for patience', 'retryable'])
  }
  await until(t, plugin, 1000, () => sink.durable === 1)
  await emission
  t.is(requests.length, 2)
})

test('its patience ends when the rule stops', async (t) => {
  const busy = { status: 429, headers: { 'retry-after': '60' } }
  const { origin, requests } = await startService(t, [busy])
  await using plugin = await inProcess(project, granted(origin))
  const sink = await opened(plugin, origin)
  const emission = sink.collect(rows)
  await until(t, plugin, 0, () => sink.retries.length === 1)
  await plugin.clock.advance(200)
  await sink.close()
  await t.throwsAsync(emission, { message: /was closed/ })
  await plugin.clock.advance(120_000)
  t.is(requests.length, 1)
})

test('2xx is taken; 5xx, 429, 408 and 425 may pass later, all else never', (t) => {
  const later = [500, 502, 503, 429, 408, 425]
  const never = [400, 401, 404, 409, 413, 301]
  t.deepEqual(
    [...later.map(verdictOf), ...never.map(verdictOf), verdictOf(204)],
    [...later.map(() => 'later'), ...never.map(() => 'never'), 'taken'],
  )
})

test('Retry-After is seconds or a date, and at most five minutes', (t) => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const texts = [
    '3',
    'Thu, 01 Jan 2026 00:00:10 GMT',
    'Wed, 31 Dec 2025 00:00:00 GMT',
    '99999',
    'soon',
    null,
  ]
  t.deepEqual(
    texts.map((text) => waitOf(text, now)),
    [3000, 10_000, 0, 300_000, 0, 0],
  )
})

test('an address that is none refuses the rule', async (t) => {
  await using plugin = await inProcess(project)
  await t.throwsAsync(plugin.sink('webhook', { props: { url: 'hooks' } }), {
    message: /url is no address/,
  })
})
