import { writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { serve } from '#test/fixtures/http.ts'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

interface Call {
  readonly body: unknown
  readonly headers: IncomingHttpHeaders
  readonly at: number
}

/** A service that answers with these, then with 200. */
async function startService(
  t: ExecutionContext,
  answers: readonly { status: number; headers?: Record<string, string> }[] = [],
) {
  const calls: Call[] = []
  const origin = await serve(t, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const { status, headers = {} } = answers[calls.length] ?? { status: 200 }
      const body: unknown = JSON.parse(Buffer.concat(parts).toString())
      calls.push({ body, headers: request.headers, at: Date.now() })
      response.writeHead(status, headers).end(`answer ${status}`)
    })
  })
  return { origin, calls }
}

async function startRule(
  t: ExecutionContext,
  origin: string,
  props: object,
  lines: readonly string[],
): Promise<SampleHost> {
  const host = await SampleHost.start(t, { 'etc/secrets.yaml': 'webhookToken: very-secret\n' })
  await host.install('webhook', 'sinks/webhook', { network: [origin], secrets: ['webhookToken'] })
  await host.send('POST', '/plugins/sinks/webhook/grants', 'all')
  writeFileSync(join(host.folder, 'rows.txt'), lines.map((line) => `${line}\n`).join(''))
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: host.folder,
    fileType: 'lines',
  })
  const sql = `CREATE STREAM demo () WITH (DATASOURCE="rows.txt", TYPE="file", CONF_KEY="rows", FORMAT="json")`
  await host.send('POST', '/streams', { sql })
  await host.send('POST', '/rules', {
    id: 'hooked',
    sql: 'SELECT n FROM demo',
    actions: [{ webhook: { url: `${origin}/rows`, ...props } }],
    options: { qos: 1 },
  })
  return host
}

const three = ['{"n":1}', '{"n":2}', '{"n":3}']

test('batches leave with a key of their own and the secret, which no log shows', async (t) => {
  const { origin, calls } = await startService(t)
  const secret = { secretHeader: 'Authorization', secretPrefix: 'Bearer ' }
  const batch = { batchSize: 2, lingerInterval: 50, sendSingle: true }
  const host = await startRule(t, origin, { ...secret, ...batch }, three)
  await until(
    'two calls',
    () => calls.length >= 2,
    () => host.status('hooked'),
  )
  t.deepEqual(
    calls.map(({ body }) => body),
    [[{ n: 1 }, { n: 2 }], [{ n: 3 }]],
  )
  const keys = calls.map(({ headers }) => headers['idempotency-key'])
  t.is(new Set(keys).size, 2)
  for (const key of keys) t.regex(String(key), /^hooked-.+-webhook_0-\d+$/)
  t.is(calls[0]?.headers.authorization, 'Bearer very-secret')
  t.deepEqual(host.logged(/very-secret/g), [])
})

test('5xx and 429 come again with the same key, after Retry-After; 4xx is dropped', async (t) => {
  const { origin, calls } = await startService(t, [
    { status: 503 },
    { status: 429, headers: { 'retry-after': '2' } },
    { status: 200 },
    { status: 400 },
  ])
  const host = await startRule(t, origin, {}, three)
  await until(
    'five calls',
    () => calls.length >= 5,
    () => host.status('hooked'),
  )
  t.deepEqual(
    calls.map(({ body }) => body),
    [[{ n: 1 }], [{ n: 1 }], [{ n: 1 }], [{ n: 2 }], [{ n: 3 }]],
  )
  const keys = calls.map(({ headers }) => headers['idempotency-key'])
  t.deepEqual([keys[1], keys[2]], [keys[0], keys[0]])
  t.is(new Set(keys).size, 3)
  t.true((calls[2]?.at ?? 0) - (calls[1]?.at ?? 0) >= 2000)
  t.regex(host.logged(/.*emission dropped.*/g)[0]?.[0] ?? '', /400 answer 400/)
})
