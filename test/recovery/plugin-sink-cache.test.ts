import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { SampleHost } from '#test/fixtures/sample-host.ts'
import { until } from '#test/fixtures/until.ts'

const ROWS = 1500

/** A service that can be away, refuses one row for good, and keeps what it was sent. */
class Service {
  readonly rows: number[] = []
  readonly keys: string[] = []
  /** By key. */
  readonly letters = new Map<string, { readonly error: string; readonly payload: string }>()
  isDown = true
  refused = -1
  origin = ''

  async start(t: ExecutionContext): Promise<void> {
    this.origin = await serve(t, (request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += part
      })
      request.on('end', () => {
        if (this.isDown) return response.writeHead(503).end('away')
        if (request.url === '/dead') {
          this.letters.set(String(request.headers['idempotency-key']), JSON.parse(body))
          return response.end()
        }
        const { n } = JSON.parse(body)
        if (n === this.refused) return response.writeHead(400).end('not this one')
        this.rows.push(n)
        this.keys.push(String(request.headers['idempotency-key']))
        response.end()
      })
    })
  }

  /** As a receiver has them that knows keys: each once, where it came first. */
  byKey(): number[] {
    const seen = new Set<string>()
    return this.rows.filter((_, i) => {
      const key = this.keys[i] ?? ''
      const isNew = !seen.has(key)
      seen.add(key)
      return isNew
    })
  }
}

async function startRule(t: ExecutionContext, service: Service, props: object) {
  const host = await SampleHost.start(t)
  await host.install('webhook', 'sinks/webhook', { network: [service.origin] })
  await host.send('POST', '/plugins/sinks/webhook/grants', 'all')
  const numbers = Array.from({ length: ROWS }, (_, n) => n)
  writeFileSync(join(host.folder, 'rows.txt'), numbers.map((n) => `{"n":${n}}\n`).join(''))
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: host.folder,
    fileType: 'lines',
    sendInterval: 1,
  })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM demo () WITH (DATASOURCE="rows.txt", TYPE="file", CONF_KEY="rows", FORMAT="json")',
  })
  await host.send('POST', '/rules', {
    id: 'r',
    sql: 'SELECT n FROM demo',
    actions: [{ webhook: { url: `${service.origin}/rows`, sendSingle: true, ...props } }],
    options: { qos: 1, checkpointInterval: '100ms' },
  })
  const figure = async (name: string) =>
    Number((await host.status('r'))[`sink_webhook_0_0_${name}`])
  return { host, numbers, figure }
}

test('rows for a plugin’s sink that is down survive kill -9 in its cache, and come in order, each once by its key', async (t) => {
  t.timeout(300_000)
  const service = new Service()
  await service.start(t)
  const cache = { enableCache: true, retryMaxDelay: '100ms', bufferPageSize: 64 }
  const { host, numbers, figure } = await startRule(t, service, cache)
  await until('a cache of 300 rows', async () => (await figure('cache_length')) >= 300)
  await host.killAndStart()
  await until('a cache of 700 rows', async () => (await figure('cache_length')) >= 700)
  t.deepEqual(service.rows, [])
  service.isDown = false
  await until('the first rows', () => service.rows.length > 200)
  await host.killAndStart()
  await until('the last row', () => service.rows.includes(ROWS - 1))
  t.deepEqual(service.byKey(), numbers)
  t.log(`${service.rows.length - ROWS} rows came twice, with the same key`)
})

test('what a plugin’s sink refuses is in the dead-letter file, and kill -9 loses nothing of the rest', async (t) => {
  t.timeout(300_000)
  const service = new Service()
  service.isDown = false
  service.refused = 700
  await service.start(t)
  const path = join(makeFolder(t), 'dead.jsonl')
  const { host, numbers } = await startRule(t, service, { deadLetter: { file: { path } } })
  await until('the first rows', () => service.rows.length > 300)
  await host.killAndStart()
  await until('the last row', () => service.rows.includes(ROWS - 1))
  t.deepEqual(
    service.byKey(),
    numbers.filter((n) => n !== 700),
  )
  const [letter, ...more] = readFileSync(path, 'utf8').trim().split('\n')
  t.deepEqual(more, [])
  t.like(JSON.parse(letter ?? ''), {
    rule: 'r',
    action: 'webhook_0',
    payload: '{"n":700}',
    attempts: 1,
  })
  t.regex(JSON.parse(letter ?? '').error, /webhook: 400 not this one/)
})

test('dead letters of a plugin’s sink go to another one, and are there once by their keys after kill -9', async (t) => {
  t.timeout(300_000)
  const service = new Service()
  service.isDown = false
  service.refused = 700
  await service.start(t)
  const deadLetter = { webhook: { url: `${service.origin}/dead` } }
  const { host, numbers } = await startRule(t, service, { deadLetter })
  await until('the letter', () => service.letters.size > 0)
  await host.killAndStart()
  await until('the last row', () => service.rows.includes(ROWS - 1))
  t.deepEqual(
    service.byKey(),
    numbers.filter((n) => n !== 700),
  )
  t.deepEqual(
    [...service.letters.values()].map(({ payload }) => payload),
    ['{"n":700}'],
  )
  t.regex([...service.letters.keys()][0] ?? '', /^r-.+-webhook_1-701$/)
})
