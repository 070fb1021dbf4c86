import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import type { Network } from '@plutino/sdk'
import { AbstractSourceTask, ObjectRecordIterator } from '@plutino/sdk/object-source'
import { ratios, report, spread } from '#test/bench/rig/print.ts'
import { MemoryState, memoryLog } from '#test/sdk/object-source/rig.ts'
import { BucketStore } from '../../sample-plugins/objects-s3/sources/bucket-store.ts'
import { S3Client } from '../../sample-plugins/objects-s3/sources/s3-client.ts'
import { type S3Config, s3Config } from '../../sample-plugins/objects-s3/sources/s3-config.ts'

/*
 * 2000 small objects of a store that takes 10 ms for every answer: the source against its own client that lists and gets
 * one object after the other. `node test/bench/object-store.ts [objects]`
 */

const isMain = isMainThread && process.argv[1] === import.meta.filename
const OBJECTS = Number(process.argv[2] ?? 2000)
/** Serves only, and says on which port. */
const servesOnly = isMain && process.argv[3] === 'serve'
const ANSWER_MS = 10
const ROUNDS = 2

const propsOf = (endpoint: string) => ({
  datasource: 'box',
  'aws.s3.endpoint': endpoint,
  'input.format': 'jsonl',
})

function storeOf(config: S3Config): BucketStore {
  const client = new S3Client({
    fetch: fetch as unknown as Network['fetch'],
    config,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    now: Date.now,
    random: Math.random,
    sleep: (ms) => sleep(ms),
  })
  return new BucketStore(client, config.bucket, config.maxRetries)
}

class Task extends AbstractSourceTask<S3Config> {
  protected override configure = s3Config
  protected override getIterator() {
    const { config, context } = this
    return new ObjectRecordIterator({ store: storeOf(config), config, context })
  }
  protected override closeResources(): void {}
}

async function bySource(endpoint: string, look: () => void): Promise<number> {
  const task = new Task()
  await task.start({ logger: memoryLog(), state: new MemoryState() }, propsOf(endpoint))
  const started = performance.now()
  for (let left = OBJECTS * 10; left > 0; ) {
    if (task.takeRecord() === undefined) {
      look()
      await task.waitForRecords()
    } else left--
  }
  const ms = performance.now() - started
  await task.close()
  return ms
}

/** @returns ms */
export async function oneByOne(endpoint: string, objects: number): Promise<number> {
  const store = storeOf(s3Config(propsOf(endpoint)))
  const { signal } = new AbortController()
  const started = performance.now()
  let rows = 0
  for await (const object of store.list(undefined, signal)) {
    for await (const chunk of store.open(object, undefined, signal)) {
      for (const line of Buffer.from(chunk).toString().split('\n')) {
        if (line !== '' && (JSON.parse(line) as { id: number }).id === 1) rows++
      }
    }
  }
  if (rows !== objects * 10) throw new Error(`${rows} rows`)
  return performance.now() - started
}

/** In a thread of its own: its work is nobody's. */
async function serve(): Promise<void> {
  const body = Buffer.from('{"id":1}\n'.repeat(10))
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://box')
    await sleep(ANSWER_MS)
    if (searchParams.get('list-type') === null) return response.end(body)
    const from =
      Number(
        searchParams.get('continuation-token') ?? searchParams.get('start-after')?.slice(1) ?? -1,
      ) + 1
    const to = Math.min(OBJECTS, from + Number(searchParams.get('max-keys')))
    const contents = Array.from(
      { length: to - from },
      (_, i) =>
        `<Contents><Key>k${String(from + i).padStart(5, '0')}</Key><LastModified>2026-11-21T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>${body.length}</Size></Contents>`,
    )
    const isMore = to < OBJECTS
    const token = isMore ? `<NextContinuationToken>${to - 1}</NextContinuationToken>` : ''
    return response.end(
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isMore}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  if (servesOnly) console.log(port)
  else parentPort?.postMessage(port)
}

async function main(): Promise<void> {
  const server = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  const [port] = await once(server, 'message')
  const endpoint = `http://127.0.0.1:${port}`
  const { gc } = globalThis as { gc?: () => void }
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  gc?.()
  const before = used()
  let most = 0
  let looks = 0
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await oneByOne(endpoint, OBJECTS))
    ours.push(
      await bySource(endpoint, () => {
        if (looks++ % 200 !== 0) return
        gc?.()
        most = Math.max(most, used() - before)
      }),
    )
  }
  report(
    `object source, ${OBJECTS} small objects at ${ANSWER_MS} ms an answer`,
    `ratio ${spread(ratios(theirs, ours))}`,
    'must reach 6.0',
    `${spread(ours.map((ms) => OBJECTS / ms))} against ${spread(theirs.map((ms) => OBJECTS / ms))} objects/ms, ${(most / 2 ** 20).toFixed(0)} MiB over the start`,
  )
  await server.terminate()
}

if (servesOnly || !isMainThread) await serve()
else if (isMain) await main()
