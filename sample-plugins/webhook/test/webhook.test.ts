import type { FetchOptions, SinkContext } from '@plutino/sdk'
import test from 'ava'
import { verdictOf, waitOf } from '../sinks/answers.ts'
import { Webhook } from '../sinks/webhook.ts'

interface Request {
  readonly url: string
  readonly body: string
  readonly headers: Record<string, string>
}

/** A service that answers with these, one after another. */
function makeContext(answers: readonly { status: number; headers?: object; body?: string }[]) {
  const requests: Request[] = []
  const clock = { at: 1_700_000_000_000 }
  const ctx = {
    clock: { now: () => clock.at },
    signal: new AbortController().signal,
    rowId: { epoch: 1, sequence: 7, key: 'r-g-webhook_0-7' },
    secrets: { get: async (name: string) => `value of ${name}` },
    fetch: async (url: string, { body, headers }: FetchOptions) => {
      const answer = answers[requests.length]
      if (answer === undefined) throw new Error('connect ECONNREFUSED')
      requests.push({
        url,
        body: new TextDecoder().decode(body as Uint8Array),
        headers: headers as Record<string, string>,
      })
      return new Response(answer.body ?? '', answer as ResponseInit)
    },
  } as unknown as SinkContext
  return { ctx, requests, clock }
}

async function opened(ctx: SinkContext, props: object = {}): Promise<Webhook> {
  const sink = new Webhook()
  sink.configure({ url: 'https://hooks.example.com/rows', ...props })
  await sink.open(ctx)
  return sink
}

const rows = new TextEncoder().encode('[{"n":1},{"n":2}]')

test('an emission is one request, with the key of its row id and the secret', async (t) => {
  const { ctx, requests } = makeContext([{ status: 202 }])
  const props = {
    headers: { 'X-From': 'us' },
    secretHeader: 'Authorization',
    secretPrefix: 'Bearer ',
  }
  await (await opened(ctx, props)).collect(ctx, rows)
  t.deepEqual(requests, [
    {
      url: 'https://hooks.example.com/rows',
      body: '[{"n":1},{"n":2}]',
      headers: {
        'content-type': 'application/json',
        'x-from': 'us',
        authorization: 'Bearer value of webhookToken',
        'idempotency-key': 'r-g-webhook_0-7',
      },
    },
  ])
})

test('what may pass later asks to come again, what never will is dropped', async (t) => {
  const later = [500, 502, 503, 429, 408, 425]
  const never = [400, 401, 404, 409, 413, 301]
  t.deepEqual(
    [...later.map(verdictOf), ...never.map(verdictOf), verdictOf(204)],
    [...later.map(() => 'later'), ...never.map(() => 'never'), 'taken'],
  )
  const { ctx } = makeContext([
    { status: 503, body: 'busy' },
    { status: 422, body: 'no such field' },
  ])
  const sink = await opened(ctx)
  await t.throwsAsync(sink.collect(ctx, rows), { message: 'webhook: 503 busy', code: 'retryable' })
  const error = await t.throwsAsync(sink.collect(ctx, rows), {
    message: 'webhook: 422 no such field',
  })
  t.is((error as { code?: string }).code, undefined)
  await t.throwsAsync(sink.collect(ctx, rows), { message: /ECONNREFUSED/, code: 'retryable' })
})

test('a service that says Retry-After is left alone until then', async (t) => {
  const { ctx, requests, clock } = makeContext([
    { status: 429, headers: { 'retry-after': '60' } },
    { status: 200 },
  ])
  // the wait within a call ends early when the rule stops
  Object.assign(ctx, { signal: AbortSignal.abort() })
  const sink = await opened(ctx)
  await t.throwsAsync(sink.collect(ctx, rows), { code: 'retryable' })
  await t.throwsAsync(sink.collect(ctx, rows), { message: /patience/, code: 'retryable' })
  t.is(requests.length, 1)
  clock.at += 60_000
  await sink.collect(ctx, rows)
  t.is(requests.length, 2)
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

test('an address that is none refuses the rule', (t) => {
  t.throws(() => new Webhook().configure({ url: 'hooks' }), { message: /url is no address/ })
})
