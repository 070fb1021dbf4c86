import type { Logger } from '@plutino/sdk'
import type { Skip } from '#src/flow/frame-note.ts'
import { durationMs } from '#src/plan/duration.ts'
import { Doorbell } from '../buffer/doorbell.ts'
import { FrameIntake } from '../buffer/frame-intake.ts'
import { SourceBuffer } from '../buffer/source-buffer.ts'
import { CellError, type SourceSpec } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import type { StreamSpool } from '../spool/stream-spool.ts'
import { trailOf } from '../spool/trail.ts'
import { Connection } from './connection.ts'
import { within } from './deadline.ts'
import { SpooledBuffer } from './spooled-buffer.ts'

export interface RunningSourceOptions {
  readonly spec: SourceSpec
  readonly tenant: string
  /** The rule, or the shared stream. */
  readonly owner: string
  readonly generation: string
  readonly qos: 0 | 1 | 2
  /** `undefined`: a plugin in the rule's worker feeds the buffer. */
  readonly type: ConnectorType<SourceConnector> | undefined
  /** As `goesBack`, of a plugin. */
  readonly rewinds?: boolean | undefined
  readonly logger: Logger
  /** Keeps what the source cannot bring again. */
  readonly spool?: StreamSpool | undefined
  readonly hostId?: string | undefined
}

/** Who wants to know how a source fares. */
export interface SourceListener {
  /** It is bounded, and its last tuple is in the buffer. */
  ended(): void
  failed(reason: Error): void
  /** More of it is in the spool. */
  spooled?(): void
}

const CLOSE_MS = 5000
/** `openTimeout` of the source, where it says none. */
const OPEN_MS = 10_000
const FIRST_REOPEN_MS = 1000
const LAST_REOPEN_MS = 30_000

/** A source at work: its connector, the buffer that it writes, and the bell that wakes the readers. */
export class RunningSource {
  readonly spec: SourceSpec
  readonly connection: Connection
  readonly #options: RunningSourceOptions
  readonly #listeners = new Set<SourceListener>()
  buffer: SourceBuffer
  readonly spooled: SpooledBuffer | undefined
  readonly bell = new Doorbell()
  intake: FrameIntake
  #connector: SourceConnector | undefined
  #abort = new AbortController()
  #beginning: unknown
  #hasEnded = false
  #hasFailed = false
  #reopenMs = FIRST_REOPEN_MS
  /** For good: a new life that is on its way ends where it is. */
  #isClosed = false
  /** What a plugin writes meanwhile is kept back: see `hold`. */
  #held: PromiseWithResolvers<boolean> | undefined
  exceptions = 0
  lastException = ''
  lastExceptionAt = 0

  constructor(options: RunningSourceOptions) {
    this.#options = options
    this.spec = options.spec
    const { logger } = options
    this.connection = new Connection({ name: `stream "${this.spec.stream}"`, logger })
    this.#connector = this.#configured()
    this.spooled = this.#spooledBuffer()
    this.buffer = this.spooled?.buffer ?? this.#newBuffer(1)
    this.intake = new FrameIntake(this.spooled?.writer ?? this.buffer)
    this.#goOn()
  }

  /** No more tuples will come. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** It has said that it cannot go on, and was not given another life since. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  get canRewind(): boolean {
    return this.#connector?.rewind !== undefined || this.#options.rewinds === true
  }

  /** Where its connector or plugin goes on: behind what is in the spool. */
  get lastOffset(): unknown {
    return this.#options.spool?.spool.lastOffset
  }

  /** Sequence number of the last tuple in the spool; `undefined`: it has none. */
  get lastSpooled(): number | undefined {
    const { spool } = this.#options
    return spool && spool.spool.next - 1
  }

  /** So many tuples behind `lastOffset` are in the spool, too. */
  get lastSkip(): Skip | undefined {
    return this.#options.spool?.spool.lastPlace?.skip
  }

  /** Of what is in the spool behind this tuple: see `trailOf`. */
  async trail(after: number): Promise<readonly unknown[]> {
    const { spool, type, logger } = this.#options
    if (type !== undefined || spool === undefined) return []
    try {
      return await trailOf(spool.spool, after)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const text = `what source "${this.spec.stream}" brought cannot be read, some may come again`
      logger.warn(`${text}: ${reason}`)
      return []
    }
  }

  listen(listener: SourceListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  figures(): Readonly<Record<string, number>> {
    return { ...this.#connector?.figures?.(), ...this.spooled?.figures() }
  }

  /** Why its rows may be lost although the rule says that none may be; '' when they may not. */
  get weakness(): string {
    const text = this.#options.qos > 0 ? this.#connector?.weakness?.() : undefined
    return text === undefined ? '' : `stream "${this.spec.stream}": ${text}`
  }

  /** Goes on where `offset` was written. Only before `open`. */
  rewind(offset: unknown, sequence: number): void {
    if (offset !== undefined) this.#connector?.rewind?.(offset)
    this.buffer = this.#newBuffer(sequence + 1)
    this.intake = new FrameIntake(this.buffer)
  }

  /** Where one that could go back begins while its spool has nothing yet. Only before `open`. */
  beginAt(offset: unknown): void {
    this.#beginning = offset
    this.#goOn()
  }

  async open(): Promise<void> {
    const connector = this.#connector
    if (connector === undefined) return this.connection.set('connected')
    this.connection.set('connecting')
    const { signal } = this.#abort
    const end = {
      done: () => signal.aborted || this.end(),
      failed: (reason: Error) => signal.aborted || this.#failed(reason),
    }
    const { tenant, owner, generation, logger, qos, spec, hostId } = this.#options
    const context = {
      tenant,
      ruleId: owner,
      name: spec.stream,
      generation,
      signal,
      logger,
      clock: { now: Date.now },
      qos,
      hostId,
      connection: this.connection.set.bind(this.connection),
    }
    await this.#opened(connector.open(context, this.spooled?.writer ?? this.buffer, end), signal)
  }

  /** A connector that does not come to an end with opening is replaced by another, again and again. */
  async #opened(opening: Promise<void>, signal: AbortSignal): Promise<void> {
    const { spec, logger } = this.#options
    const ms = durationMs(spec.props.openTimeout) ?? OPEN_MS
    try {
      await within(opening, ms, `opening source "${spec.stream}"`)
      this.#reopenMs = FIRST_REOPEN_MS
    } catch (error) {
      if (!(error instanceof CellError) || error.code !== 'deadline') throw error
      const text = `source "${spec.stream}" does not open: ${error.message}; it is tried again`
      this.connection.set('disconnected', text)
      logger.warn(text)
      const retry = setTimeout(() => {
        if (!signal.aborted) this.reconnect().catch((failure: Error) => this.#failed(failure))
      }, this.#reopenMs)
      this.#reopenMs = Math.min(this.#reopenMs * 2, LAST_REOPEN_MS)
      signal.addEventListener('abort', () => clearTimeout(retry))
      opening.then(
        () => clearTimeout(retry),
        (failure: Error) => signal.aborted || this.#failed(failure),
      )
    }
  }

  /** Tuples of a plugin. */
  write(chunk: ArrayBuffer, count: number): Promise<void> {
    if (this.#held === undefined) return this.intake.write(chunk, count)
    return this.#held.promise.then((counts) =>
      counts ? this.intake.write(chunk, count) : undefined,
    )
  }

  /** What its plugin still writes is thrown away, and what waits for room with it: up to `hold` or `release`. */
  drop(): void {
    this.hold()
    this.#held?.resolve(false)
    this.intake.close()
    this.intake = new FrameIntake(this.spooled?.writer ?? this.buffer)
  }

  /** What its next plugin writes waits until it is known whether it counts: `release`. */
  hold(): void {
    this.#held = Promise.withResolvers()
    this.#hasEnded = false
  }

  /** @param counts else it is thrown away */
  release(counts: boolean): void {
    this.#held?.resolve(counts)
    this.#held = undefined
  }

  /** The source was bounded and is through. */
  end(): void {
    if (this.#held !== undefined) {
      void this.#held.promise.then((counts) => counts && this.end())
      return
    }
    if (this.spooled === undefined) this.#ended()
    else this.spooled.writer.whenDurable(() => this.#ended())
  }

  /** The worker of its plugin is gone: what waits for room of it comes again, if the source goes back. */
  endLife(): void {
    this.intake.endLife()
  }

  /** Resolves when everything that was written is in the buffer. */
  async settled(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.spooled === undefined) resolve()
      else this.spooled.writer.whenDurable(resolve)
    })
  }

  committed(offset: unknown): void {
    if (offset !== undefined) this.#connector?.committed?.(offset)
  }

  /** Stops the connector for good; what is in the buffer stays readable. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#shut()
  }

  async #shut(): Promise<void> {
    this.#abort.abort()
    const closing = this.#connector?.close()
    if (closing === undefined) return
    await within(closing, CLOSE_MS, `closing source "${this.spec.stream}"`).catch((error: Error) =>
      this.#options.logger.warn(error.message),
    )
    this.connection.set('disconnected', 'closed')
  }

  /** A new life from an offset of an earlier one: another connector, an empty buffer. */
  async reopen(offset: unknown, sequence: number): Promise<void> {
    await this.#shut()
    if (this.#isClosed) return
    this.#abort = new AbortController()
    this.#hasEnded = false
    this.#hasFailed = false
    this.#connector = this.#configured()
    this.rewind(offset, sequence)
    await this.open()
  }

  /** A new life of the connector after it has failed; the buffer stays. */
  async reconnect(): Promise<void> {
    this.#hasFailed = false
    await this.#shut()
    await this.settled()
    if (this.#isClosed) return
    this.#abort = new AbortController()
    this.#connector = this.#configured()
    this.#goOn()
    await this.open()
  }

  /** A source that could go back goes on behind the spool. */
  #goOn(): void {
    const offset = this.lastOffset ?? this.#beginning
    if (offset !== undefined) this.#connector?.rewind?.(offset)
  }

  #ended(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const listener of this.#listeners) listener.ended()
    this.bell.ring()
  }

  #spooledBuffer(): SpooledBuffer | undefined {
    const { spool, logger } = this.#options
    if (spool === undefined) return undefined
    return new SpooledBuffer({
      spec: this.spec,
      spool,
      logger,
      onRing: () => this.bell.ring(),
      onSpooled: () => {
        for (const listener of this.#listeners) listener.spooled?.()
      },
    })
  }

  #newBuffer(firstSequence: number): SourceBuffer {
    const { bufferLength, bufferBytes, dropPolicy } = this.spec
    const onRing = () => this.bell.ring()
    return new SourceBuffer({ bufferLength, bufferBytes, dropPolicy, firstSequence, onRing })
  }

  #configured(): SourceConnector | undefined {
    const connector = this.#options.type?.create()
    connector?.configure(this.spec.datasource, this.spec.props)
    return connector
  }

  #failed(reason: Error): void {
    this.#hasFailed = true
    this.exceptions++
    this.lastException = reason.message
    this.lastExceptionAt = Date.now()
    for (const listener of this.#listeners) listener.failed(reason)
  }
}
