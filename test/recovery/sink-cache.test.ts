import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { until } from '#test/fixtures/until.ts'

const ROWS = 4000

/** An HTTP server that can be away, and keeps what it was sent. */
class Receiver {
  readonly rows: number[] = []
  readonly keys: string[] = []
  isDown = true
  readonly #server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      if (this.isDown) {
        response.writeHead(503).end()
        return
      }
      this.rows.push(JSON.parse(Buffer.concat(parts).toString()).row)
      this.keys.push(String(request.headers['idempotency-key']))
      response.end()
    })
  })

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rows`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Rows as a receiver has them that knows keys: each once, where it came first. */
  byKey(): number[] {
    const seen = new Set<string>()
    return this.rows.filter((_, i) => {
      const key = this.keys[i] ?? ''
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
  }
}

interface Status {
  readonly [key: string]: unknown
}

async function startRule(host: HostProcess, folder: string, props: object, options: object) {
  await host.send('PUT', '/metadata/sources/file/confKeys/rows', {
    path: folder,
    fileType: 'lines',
    sendInterval: 1,
  })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM rows (row BIGINT) WITH (DATASOURCE="rows.jsonl", TYPE="file", FORMAT="json", CONF_KEY="rows")',
  })
  const actions = [{ rest: { method: 'post', sendSingle: true, retryMaxDelay: '100ms', ...props } }]
  await host.send('POST', '/rules', { id: 'r', sql: 'SELECT row FROM rows', actions, options })
}

async function status(host: HostProcess): Promise<Status> {
  return (await host.send('GET', '/rules/r/status')) as Status
}

function writeRows(folder: string): number[] {
  const rows = Array.from({ length: ROWS }, (_, row) => row)
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => `{"row":${row}}\n`).join(''))
  return rows
}

test('rows that wait in a cache while the sink is down survive kill -9, and come in order, each once by its key', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const rows = writeRows(folder)
  const receiver = new Receiver()
  t.teardown(() => receiver.close())
  const url = await receiver.start()
  let host = await HostProcess.start(folder)
  await startRule(host, folder, { url, enableCache: true }, { qos: 1, checkpointInterval: '100ms' })
  const cached = async () => Number((await status(host)).sink_rest_0_0_cache_length)
  await until('a cache of 500 rows', async () => (await cached()) >= 500)
  await host.kill()
  host = await HostProcess.start(folder)
  await until('a cache of 1500 rows', async () => (await cached()) >= 1500)
  receiver.isDown = false
  await until('the first rows', () => receiver.rows.length > 300)
  await host.kill()
  t.log(`killed after ${receiver.rows.length} rows`)
  host = await HostProcess.start(folder)
  await until('the last row', () => receiver.rows.includes(ROWS - 1))
  t.is(await host.stop(), 0)
  t.deepEqual(receiver.byKey(), rows)
  t.log(`${receiver.rows.length - ROWS} rows came twice, with the same key`)
})

test('a rule that is stopped and started sends what its cache has, and one that is dropped leaves nothing', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const rows = writeRows(folder).slice(0, 200)
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => `{"row":${row}}\n`).join(''))
  const receiver = new Receiver()
  t.teardown(() => receiver.close())
  const url = await receiver.start()
  const host = await HostProcess.start(folder)
  await startRule(host, folder, { url, enableCache: true }, { qos: 0 })
  const all = async () => Number((await status(host)).sink_rest_0_0_cache_length) === 200
  await until('all rows in the cache', all)
  await host.send('POST', '/rules/r/stop')
  receiver.isDown = false
  writeFileSync(join(folder, 'rows.jsonl'), '')
  await host.send('POST', '/rules/r/start')
  await until('the last row', () => receiver.rows.length >= 200)
  t.deepEqual(receiver.rows, rows)
  await host.send('DELETE', '/rules/r')
  const caches = join(folder, 'data', 'sink-cache')
  t.deepEqual(existsSync(caches) ? readdirSync(caches) : [], [])
  await host.stop()
})

test('without a cache a sink that is down holds its rule up, and nothing is lost over kill -9', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  const rows = writeRows(folder)
  const receiver = new Receiver()
  t.teardown(() => receiver.close())
  const url = await receiver.start()
  let host = await HostProcess.start(folder)
  await startRule(host, folder, { url }, { qos: 1, checkpointInterval: '100ms' })
  await until(
    'an attempt',
    async () => Number((await status(host)).sink_rest_0_0_exceptions_total) > 0,
  )
  receiver.isDown = false
  await until('the first rows', () => receiver.rows.length > 300)
  await host.kill()
  host = await HostProcess.start(folder)
  await until('the last row', () => receiver.rows.includes(ROWS - 1))
  await host.stop()
  t.deepEqual(receiver.byKey(), rows)
})

test('rows that a sink refuses are in the dead-letter file, and the others arrive', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'rows.jsonl'), '{"row":1}\n{"row":2}\n{"row":3}\n')
  const taken: number[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const { row } = JSON.parse(body)
      if (row !== 2) taken.push(row)
      response.writeHead(row === 2 ? 400 : 200).end('no twos')
    })
  })
  t.teardown(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const path = join(folder, 'dead.jsonl')
  const host = await HostProcess.start(folder)
  await startRule(host, folder, { url, deadLetter: { file: { path } } }, { qos: 1 })
  await until('the last row', () => taken.includes(3))
  const [letter] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.like(letter, { rule: 'r', action: 'rest_0', target: url, sequence: 2, attempts: 1 })
  t.deepEqual(JSON.parse(letter.payload), { row: 2 })
  t.regex(letter.error, /answered 400 no twos/)
  t.deepEqual(taken, [1, 3])
  await host.stop()
})
