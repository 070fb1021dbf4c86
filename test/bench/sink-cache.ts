import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PayloadChunk, SinkConnector } from '#host/cell/connectors/connector.ts'
import { FileSink } from '#host/cell/connectors/file/sink.ts'
import { payloadsOf } from '#host/cell/connectors/payloads.ts'
import { ActionCache } from '#host/cell/delivery/action-cache.ts'
import { readActionOptions } from '#host/cell/delivery/action-options.ts'
import { CachedLane } from '#host/cell/delivery/cached-lane.ts'
import { Outlet } from '#host/cell/delivery/outlet.ts'
import { Sender } from '#host/cell/delivery/sender.ts'
import { Connection } from '#host/cell/rule/connection.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'

/*
 * A sink is down for a while, 5 000 rows of 100 B come in each second, and it is back: how fast what was stored leaves, in
 * order, with rows still coming in. `node test/bench/sink-cache.ts [seconds]`
 */

const RATE = 5000
const TICK_MS = 10
const seconds = Number(process.argv[2] ?? 60)
const filler = 'x'.repeat(80)

/** A real sink behind a switch; it checks that rows come once and in order. */
class SwitchedSink implements SinkConnector {
  readonly #inner: SinkConnector | undefined
  isDown = true
  taken = 0
  faults = 0

  constructor(inner: SinkConnector | undefined) {
    this.#inner = inner
  }

  configure(): void {}

  async open(context: Parameters<SinkConnector['open']>[0]): Promise<void> {
    await this.#inner?.open(context)
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    if (this.isDown) throw Object.assign(new Error('down'), { code: 'not-connected' })
    for (const { bytes, sequence } of payloadsOf(chunk)) {
      const { n } = JSON.parse(Buffer.from(bytes).toString())
      this.taken++
      if (n !== this.taken || sequence !== this.taken) this.faults++
    }
    await this.#inner?.collect(chunk)
  }

  async close(): Promise<void> {
    await this.#inner?.close()
  }
}

async function run(name: string, inner: SinkConnector | undefined, folder: string) {
  const abort = new AbortController()
  const { context } = connectorContext({ name: 'bench_0', signal: abort.signal, qos: 1 })
  const sink = new SwitchedSink(inner)
  const props = { enableCache: true, retryMaxDelay: '1s' }
  const options = readActionOptions({ type: 'bench', props })
  const { cache } = options
  if (cache === undefined) throw new Error('no cache')
  const outlet = new Outlet(sink, context, 10_000)
  const { signal } = abort
  const sender = new Sender({
    ...options,
    outlet,
    deadLetters: undefined,
    signal,
    onDrop: () => {},
  })
  const lane = new CachedLane({
    outlet,
    sender,
    deadLetters: undefined,
    connection: new Connection(),
    context,
    cipher: undefined,
    epoch: 1,
    position: 0,
    onProgress: () => {},
    cache,
    openCache: () =>
      ActionCache.open({
        folder: join(folder, name),
        generation: 'g',
        epoch: 1,
        maxPayloads: cache.maxDiskCache,
        maxBytes: cache.maxDiskCacheBytes,
        pageSize: cache.bufferPageSize,
      }),
  })
  await lane.open()
  let next = 1
  const emitUpTo = (last: number) => {
    const texts = Array.from(
      { length: last - next + 1 },
      (_, i) => `{"n":${next + i},"f":"${filler}"}`,
    )
    if (texts.length === 0) return
    const { buffer, count } = payloadChunk(texts)
    lane.accept({ action: 0, buffer, count, first: next })
    next += count
  }
  const began = performance.now()
  const produce = () => emitUpTo(Math.floor(((performance.now() - began) / 1000) * RATE))
  const timer = setInterval(produce, TICK_MS)
  await sleep(seconds * 1000)
  while (!lane.isIdle) await sleep(1)
  const stored = Number(lane.figures().cache_length)
  const megabytes = Number(lane.figures().cache_bytes) / 1e6
  sink.isDown = false
  while (sink.taken === 0) await sleep(1)
  const start = performance.now()
  const before = sink.taken
  while (!lane.isEmpty) await sleep(1)
  const ms = performance.now() - start
  clearInterval(timer)
  const rate = Math.round(((sink.taken - before) / ms) * 1000)
  console.log(
    `${name}: ${stored} rows stored in ${seconds} s (${megabytes.toFixed(1)} MB), ${sink.taken} sent, ` +
      `${sink.faults} out of order, caught up in ${Math.round(ms)} ms: ${rate} rows/s (at least 50000)`,
  )
  abort.abort()
  await lane.close()
  if (sink.faults > 0) process.exitCode = 1
}

const folder = await mkdtemp(join(tmpdir(), 'plutino-sink-cache-'))
try {
  await run('checked', undefined, folder)
  const file = new FileSink()
  file.configure({ path: join(folder, 'out.jsonl'), rollingCount: 0 })
  await run('file at qos 1', file, folder)
} finally {
  await rm(folder, { recursive: true, force: true })
}
