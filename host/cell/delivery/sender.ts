import type { PayloadChunk } from '../connectors/connector.ts'
import { chunkPart } from '../connectors/payloads.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Outlet } from './outlet.ts'

export interface SenderOptions {
  readonly outlet: Outlet
  readonly retryAttempts: number
  readonly retryDelayMs: number
  readonly retryMaxDelayMs: number
  /** Where payloads go that the sink will not take; `undefined`: they are dropped, counted. */
  readonly deadLetters: DeadLetters | undefined
  readonly signal: AbortSignal
  /** Told of every payload that is dropped. */
  onDrop(count: number, error: Error): void
}

/** How far a chunk has come. With `error` the rest is to come again after `waitMs`. */
export interface Sent {
  readonly done: number
  readonly error?: Error | undefined
}

/** Deals with payloads: sent, set aside as dead letters, dropped by name, or to come again. */
export class Sender {
  readonly #options: SenderOptions
  /** Of the payload that comes next. */
  #attempts = 0
  #attemptsOf = -1
  delivered = 0
  deadLettered = 0
  dropped = 0
  exceptions = 0
  lastException = ''
  lastExceptionAt = 0
  lastInvocation = 0
  latencyUs = 0

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** How long to wait before the next attempt. */
  get waitMs(): number {
    const { retryDelayMs, retryMaxDelayMs } = this.#options
    const exponent = Math.min(Math.max(0, this.#attempts - 1), 30)
    return Math.min(retryMaxDelayMs, retryDelayMs * 2 ** exponent)
  }

  /** Sends what it can of a chunk, up to the first error that may pass. */
  async send(chunk: PayloadChunk): Promise<Sent> {
    const { outlet, signal } = this.#options
    await outlet.ready()
    for (let at = 0; at < chunk.count; ) {
      if (signal.aborted) return { done: at }
      const rest = chunkPart(chunk, at)
      const started = performance.now()
      const outcome = await outlet.attempt(rest)
      if (outcome.result === 'sent') {
        this.#through(rest.count, started)
        return { done: chunk.count }
      }
      const { done, count, error } = outcome
      if (done > 0) this.#through(done, started)
      at += done
      this.#failed(error, rest.first + done)
      if (outcome.result === 'passing' && !this.#isExhausted()) return { done: at, error }
      if (signal.aborted) return { done: at }
      const settled = await this.#giveUp(chunkPart(chunk, at, at + count), error)
      at += settled
      if (settled < count) return { done: at }
    }
    return { done: chunk.count }
  }

  figures(): Record<string, number | string> {
    return {
      records_out_total: this.delivered,
      messages_processed_total: this.delivered,
      process_latency_us: this.latencyUs,
      last_invocation: this.lastInvocation,
      exceptions_total: this.exceptions,
      last_exception: this.lastException,
      last_exception_time: this.lastExceptionAt,
      dropped_total: this.dropped,
      dead_letters_total: this.deadLettered,
    }
  }

  #through(count: number, started: number): void {
    this.delivered += count
    this.#attempts = 0
    this.#attemptsOf = -1
    this.lastInvocation = Date.now()
    this.latencyUs = Math.round((performance.now() - started) * 1000)
  }

  #failed(error: Error, sequence: number): void {
    if (sequence !== this.#attemptsOf) this.#attempts = 0
    this.#attemptsOf = sequence
    this.#attempts++
    this.exceptions++
    this.lastException = error.message
    this.lastExceptionAt = Date.now()
  }

  #isExhausted(): boolean {
    const { retryAttempts } = this.#options
    return retryAttempts > 0 && this.#attempts >= retryAttempts
  }

  /** @returns how many of them are done with: all, but for dead letters that a stop has kept from being sent */
  async #giveUp(chunk: PayloadChunk, error: Error): Promise<number> {
    const { deadLetters, onDrop } = this.#options
    const taken = (await deadLetters?.take(chunk, { error, attempts: this.#attempts })) ?? 0
    this.deadLettered += taken
    this.#attempts = 0
    this.#attemptsOf = -1
    if (taken === chunk.count || this.#options.signal.aborted) return taken
    this.dropped += chunk.count - taken
    onDrop(chunk.count - taken, error)
    return chunk.count
  }
}
