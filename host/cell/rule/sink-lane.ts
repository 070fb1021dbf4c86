import { setTimeout as sleep } from 'node:timers/promises'
import type { Emission } from '#src/worker/protocol.ts'
import type { ConnectorContext, SinkConnector } from '../connectors/connector.ts'
import type { Connection } from './connection.ts'
import { within } from './deadline.ts'
import { EmissionOrder } from './emission-order.ts'

/** What becomes of one action's payloads. */
export interface Lane {
  /** Payloads up to this number were dealt with. */
  readonly acknowledged: number
  /** The number of the last payload that came out of the worker. */
  readonly accepted: number
  /** It cannot take more: the rule is not to be fed. */
  readonly isFull: boolean
  readonly isIdle: boolean
  accept(emission: Emission): void
  /** The worker starts anew, and numbers from `position` on. */
  restart(position: number): void
  open(): Promise<void>
  close(): Promise<void>
  figures(): Record<string, number | string>
}

export interface SinkLaneOptions {
  readonly connector: SinkConnector
  readonly connection: Connection
  readonly context: ConnectorContext
  readonly epoch: number
  readonly position: number
  /** Payloads that wait at most, and their bytes. @default 16384 and 16 MiB */
  readonly maxPayloads?: number | undefined
  readonly maxBytes?: number | undefined
  /** Room again, or something was acknowledged. */
  onProgress(): void
}

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000
const CLOSE_MS = 5000

/** The bounded queue before a built-in sink: one chunk at a time, in order, again when the sink says so. */
export class SinkLane implements Lane {
  readonly #options: SinkLaneOptions
  readonly #order: EmissionOrder
  #queue: Emission[] = []
  #payloads = 0
  #bytes = 0
  #isBusy = false
  #acknowledged: number
  #delivered = 0
  #accepted = 0
  #dropped = 0
  #exceptions = 0
  #lastException = ''
  #lastExceptionAt = 0
  #lastInvocation = 0
  #latencyUs = 0
  #isWaiting = false

  constructor(options: SinkLaneOptions) {
    this.#options = options
    this.#acknowledged = options.position
    this.#order = new EmissionOrder(options.position)
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get accepted(): number {
    return this.#order.last
  }

  get isFull(): boolean {
    const { maxPayloads = 16_384, maxBytes = 16_777_216 } = this.#options
    // Half empty before it opens again: the rule is not stopped and started for every chunk.
    const share = this.#isWaiting ? 0.5 : 1
    this.#isWaiting = this.#payloads >= maxPayloads * share || this.#bytes >= maxBytes * share
    return this.#isWaiting
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && !this.#isBusy
  }

  open(): Promise<void> {
    return this.#options.connector.open(this.#options.context)
  }

  accept(emission: Emission): void {
    for (const next of this.#order.take(emission)) {
      this.#queue.push(next)
      this.#payloads += next.count
      this.#bytes += next.buffer.byteLength
      this.#accepted += next.count
    }
    if (!this.#isBusy) void this.#send()
  }

  restart(position: number): void {
    if (position < this.#order.last) {
      // What waits comes again, with the same numbers.
      this.#queue = []
      this.#payloads = 0
      this.#bytes = 0
      this.#acknowledged = Math.min(this.#acknowledged, position)
    }
    this.#order.restart(position)
  }

  async close(): Promise<void> {
    const { connector, context } = this.#options
    this.#queue = []
    await within(connector.close(), CLOSE_MS, `closing sink "${context.name}"`).catch(
      (error: Error) => context.logger.warn(error.message),
    )
  }

  figures(): Record<string, number | string> {
    return {
      records_in_total: this.#accepted,
      records_out_total: this.#delivered,
      messages_processed_total: this.#delivered,
      process_latency_us: this.#latencyUs,
      buffer_length: this.#payloads,
      last_invocation: this.#lastInvocation,
      exceptions_total: this.#exceptions,
      last_exception: this.#lastException,
      last_exception_time: this.#lastExceptionAt,
      dropped_total: this.#dropped,
      ...this.#options.connection.figures(),
    }
  }

  async #send(): Promise<void> {
    this.#isBusy = true
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const isDelivered = await this.#deliver(head)
      if (this.#options.context.signal.aborted) break
      if (this.#queue[0] === head) {
        this.#queue.shift()
        this.#payloads -= head.count
        this.#bytes -= head.buffer.byteLength
        this.#acknowledged = head.first + head.count - 1
      }
      if (isDelivered) this.#delivered += head.count
      else this.#dropped += head.count
      this.#options.onProgress()
    }
    this.#isBusy = false
  }

  /** @returns false when the sink will never take it */
  async #deliver({ buffer, count, first }: Emission): Promise<boolean> {
    const { connector, context, epoch } = this.#options
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      const started = performance.now()
      try {
        await connector.collect({ buffer, count, first, epoch })
        this.#lastInvocation = Date.now()
        this.#latencyUs = Math.round((performance.now() - started) * 1000)
        return true
      } catch (error) {
        this.#failed(error)
        if (!isPassing(error)) return false
      }
      await sleep(retryMs, undefined, { signal: context.signal }).catch(() => {})
      if (context.signal.aborted) return false
    }
  }

  #failed(error: unknown): void {
    this.#exceptions++
    this.#lastException = error instanceof Error ? error.message : String(error)
    this.#lastExceptionAt = Date.now()
  }
}

/** The same chunk may pass later. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'not-connected' || error.code === 'retryable'
}
