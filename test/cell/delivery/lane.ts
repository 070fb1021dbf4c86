import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  ConnectorContext,
  PayloadChunk,
  SinkConnector,
} from '#host/cell/connectors/connector.ts'
import { payloadsOf } from '#host/cell/connectors/payloads.ts'
import { ActionCache } from '#host/cell/delivery/action-cache.ts'
import { type CacheOptions, readActionOptions } from '#host/cell/delivery/action-options.ts'
import { CachedLane } from '#host/cell/delivery/cached-lane.ts'
import { DeadLetters } from '#host/cell/delivery/dead-letters.ts'
import { Outlet } from '#host/cell/delivery/outlet.ts'
import { Sender } from '#host/cell/delivery/sender.ts'
import { Connection } from '#host/cell/rule/connection.ts'
import type { LaneOptions } from '#host/cell/rule/lane.ts'
import { SinkLane } from '#host/cell/rule/sink-lane.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'

/** A sink that is told what to do; `texts` is what it has taken. */
export class ToldSink implements SinkConnector {
  readonly texts: string[] = []
  readonly chunks: PayloadChunk[] = []
  /** What the next attempts throw; `undefined`: taken. When there is none left, `fails` decides. */
  readonly failures: (Error | undefined)[] = []
  fails: Error | undefined
  gate: Promise<void> | undefined
  opens: Promise<void>[] = []
  attempts = 0
  opened = 0

  configure(): void {}

  open(): Promise<void> {
    this.opened++
    return this.opens.shift() ?? Promise.resolve()
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    this.attempts++
    await this.gate
    const failure = this.failures.length > 0 ? this.failures.shift() : this.fails
    if (failure !== undefined) throw failure
    this.chunks.push(chunk)
    for (const { bytes } of payloadsOf(chunk)) this.texts.push(Buffer.from(bytes).toString())
  }

  async close(): Promise<void> {}
}

export function down(): Error {
  return Object.assign(new Error('nobody is there'), { code: 'not-connected' })
}

export interface MadeLane {
  readonly lane: SinkLane | CachedLane
  readonly sink: ToldSink
  readonly letters: ToldSink
  readonly lines: string[]
  /** Texts `1`, `2`, … with these numbers leave the worker. */
  emit(from: number, to: number): void
  close(): Promise<void>
}

export interface LaneChange {
  readonly props?: Record<string, unknown>
  readonly folder?: string
  readonly generation?: string
  readonly position?: number
  readonly sink?: ToldSink
  readonly letters?: ToldSink | undefined
  /** Told before each write of the cache: throws for a disk that fails. */
  readonly beforeWrite?: () => void
}

export async function makeLane(change: LaneChange = {}): Promise<MadeLane> {
  const sink = change.sink ?? new ToldSink()
  const letters = change.letters ?? new ToldSink()
  const abort = new AbortController()
  const generation = change.generation ?? 'g1'
  const { context, lines } = connectorContext({ name: 'told_0', signal: abort.signal, generation })
  const props = { retryDelay: 1, retryMaxDelay: 4, openTimeout: 200, ...change.props }
  const options = readActionOptions({ type: 'told', props })
  const outlet = new Outlet(sink, context, options.openTimeoutMs)
  const deadLetters =
    options.deadLetter &&
    new DeadLetters({
      outlet: new Outlet(letters, { ...context, name: 'letters' }, 1000),
      context,
      epoch: 1,
      origin: { rule: 'rule1', action: 'told_0', target: 'somewhere' },
    })
  const sender = new Sender({
    ...options,
    outlet,
    deadLetters,
    signal: abort.signal,
    onDrop: (count, error) => context.logger.error(`dropped ${count}: ${error.message}`),
  })
  const all: LaneOptions = {
    outlet,
    sender,
    deadLetters,
    connection: new Connection(),
    context,
    cipher: options.cipher,
    epoch: 1,
    position: change.position ?? 0,
    onProgress: () => {},
  }
  const { cache } = options
  const lane =
    cache === undefined || change.folder === undefined
      ? new SinkLane(all)
      : new CachedLane({ ...all, cache, openCache: () => openCache(cache, change, context) })
  await lane.open()
  return {
    lane,
    sink,
    letters,
    lines,
    emit(from, to) {
      const texts = Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)
      const { buffer, count } = payloadChunk(texts)
      lane.accept({ action: 0, buffer, count, first: from })
    },
    async close() {
      abort.abort()
      await lane.close()
    },
  }
}

function openCache(cache: CacheOptions, change: LaneChange, context: ConnectorContext) {
  const { folder, beforeWrite } = change
  return ActionCache.open({
    folder: join(folder ?? '', 'cache'),
    generation: context.generation,
    epoch: 1,
    maxPayloads: cache.maxDiskCache,
    maxBytes: cache.maxDiskCacheBytes,
    pageSize: cache.bufferPageSize,
    probe: (point) => {
      if (point === 'before write') beforeWrite?.()
    },
  })
}

export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)
}

export async function eventually(holds: () => boolean, what: string, ms = 60_000): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what} did not happen in ${ms} ms`)
    await sleep(2)
  }
}

/** A folder that goes with the work. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'plutino-lane-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
