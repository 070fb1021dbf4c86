import { payloadRows } from '#src/flow/encode/row-payload.ts'
import { payloadStart } from '#src/flow/frame.ts'
import type { Delivered, Delivery, DeliveryFailure } from '#src/worker/protocol.ts'
import { cleanError, rebuiltError } from './clean-error.ts'
import { deadlines, within } from './deadline.ts'
import { deniedBy, type Emitted, SinkInstance, type SinkInstanceOptions } from './sink-instance.ts'

export interface HostedSinkOptions extends SinkInstanceOptions {
  readonly epoch: number
  /** Names an emission of this action for ever, by its number in a numbering. */
  keyOf(sequence: number, numbering?: string): string
  /** The plugin failed on a payload in a way that sending it again would not mend. */
  refused(error: unknown): void
  /** The payload is to come again. */
  retrying(error: unknown): void
  /** ms, monotonic */
  now(): number
}

/** After so long the host hears how far it is, so that little comes twice when this worker dies. */
const ANSWER_MS = 500

/**
 * One instance of a plugin's sink whose emissions the host keeps: the host hands them over, and decides on what is refused
 * or fails. Here is only the connection, which is made again before the next payload when it was lost.
 */
export class HostedSink {
  readonly #options: HostedSinkOptions
  readonly #sink: SinkInstance
  #isConnected = false
  #delivering: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: HostedSinkOptions) {
    this.#options = options
    const rowId = { epoch: options.epoch, sequence: 0, key: options.keyOf(0) }
    this.#sink = new SinkInstance(options, { rowId: Object.freeze(rowId) })
  }

  get accepts(): 'bytes' | 'rows' {
    return this.#sink.accepts
  }

  /** A connection that is not there yet is no reason not to start: the host keeps what is emitted meanwhile. */
  async open(): Promise<void> {
    await this.#sink.configure()
    try {
      await this.#sink.connect()
      this.#isConnected = true
    } catch (error) {
      const { code } = cleanError(error)
      if (!isPassing(code) && code !== 'deadline') throw deniedBy(this.#sink.title, error)
      this.#options.retrying(rebuiltError(error))
    }
  }

  deliver(delivery: Delivery): Promise<Delivered> {
    const delivered = this.#delivering.then(() => this.#deliver(delivery))
    this.#delivering = delivered.catch(() => {})
    return delivered
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const { title, timers } = this.#options
    try {
      const last = `the last emission of ${title}`
      await within(deadlines.close, last, timers, () => this.#delivering)
    } finally {
      await this.#sink.disconnect()
    }
  }

  async #deliver(delivery: Delivery): Promise<Delivered> {
    const { now } = this.#options
    const { buffer, count } = delivery
    const view = new DataView(buffer)
    const until = now() + ANSWER_MS
    for (let i = 0, at = 0; i < count; i++) {
      if (this.#isClosed || (i > 0 && now() >= until)) return { done: i }
      const start = payloadStart(view, at)
      at = start + view.getUint32(at, true)
      const failure = await this.#hand(new Uint8Array(buffer, start, at - start), delivery, i)
      if (failure !== undefined) return { done: i, failure }
    }
    return { done: count }
  }

  async #hand(
    payload: Uint8Array,
    delivery: Delivery,
    index: number,
  ): Promise<DeliveryFailure | undefined> {
    const unconnected = this.#isConnected ? undefined : await this.#reconnect()
    if (unconnected !== undefined) return unconnected
    try {
      const data = this.accepts === 'rows' ? payloadRows(payload) : payload
      await this.#sink.collect(data, this.#emittedAs(delivery, index))
      return undefined
    } catch (error) {
      const failure = cleanError(error)
      if (failure.code === 'not-connected') this.#isConnected = false
      if (isPassing(failure.code)) this.#options.retrying(rebuiltError(error))
      else this.#options.refused(rebuiltError(error))
      return failure
    }
  }

  #emittedAs({ epoch, first, numbering, destination }: Delivery, index: number): Emitted {
    const sequence = first + index
    const key = this.#options.keyOf(sequence, numbering)
    return { rowId: Object.freeze({ epoch, sequence, key }), destination }
  }

  /** Whatever keeps a sink that was open from opening again, it may pass. */
  async #reconnect(): Promise<DeliveryFailure | undefined> {
    try {
      await this.#sink.disconnect().catch(() => {})
      await this.#sink.connect()
      this.#isConnected = true
      return undefined
    } catch (error) {
      this.#options.retrying(rebuiltError(error))
      return { code: 'not-connected', message: cleanError(error).message }
    }
  }
}

function isPassing(code: string): boolean {
  return code === 'not-connected' || code === 'retryable'
}
