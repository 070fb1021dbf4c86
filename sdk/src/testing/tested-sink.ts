import type { Row } from '../tuple.ts'
import type { Bench, Checkpoint, Fault } from './bench.ts'
import { ExtensionError } from './fault.ts'
import { Waiting } from './waiting.ts'

/** A sink that runs in a test. */
export class TestedSink {
  /** The errors by which it asked for an emission again (`NotConnected`, `Retryable`), in order. */
  readonly retries: ExtensionError[] = []
  /** Why the rule was ended by an error that nobody caught, of a timer for one. */
  failed: ExtensionError | undefined
  readonly #bench: Bench
  readonly #flow: number
  readonly #waiting = new Waiting()
  /** By sequence: what became of it. */
  readonly #settled = new Map<number, Fault | undefined>()
  #isClosed = false
  #sent = 0
  #durable = 0

  constructor(bench: Bench, flow: number) {
    this.#bench = bench
    this.#flow = flow
  }

  /** How many emissions it has reported as durable. */
  get durable(): number {
    return this.#durable
  }

  /**
   * Hands it one emission: rows for a sink that `accepts: 'rows'`; bytes, a text, or rows as a JSON array for others.
   * Resolves when it is durable. After `NotConnected` and `Retryable` the sink is given it again when the clock is moved
   * (200 ms, then twice as much each time).
   *
   * @throws ExtensionError when the sink drops it; Error when it is closed first
   */
  async collect(data: readonly Row[] | Uint8Array | string): Promise<void> {
    const sequence = ++this.#sent
    const given = typeof data === 'string' ? new TextEncoder().encode(data) : data
    await this.#bench.collect(this.#flow, given, sequence)
    await this.#waiting.until(
      () => this.#settled.has(sequence) || this.failed !== undefined || this.#isClosed,
      () => `emission ${sequence} is not durable${this.#lastRetry()}`,
    )
    const fault = this.#settled.get(sequence)
    if (fault !== undefined) throw new ExtensionError(fault)
    if (this.#settled.has(sequence)) return
    throw this.failed ?? new Error(`the sink was closed before emission ${sequence} was durable`)
  }

  /** What the rule would save now. */
  async checkpoint(): Promise<Checkpoint> {
    return { state: await this.#bench.checkpoint(this.#flow) }
  }

  /**
   * Closes it, as the end of its rule does. In the sandbox an emission that waits for its next try has 5 s of the clock
   * left, which is to be moved meanwhile.
   */
  async close(): Promise<void> {
    try {
      await this.#bench.close(this.#flow)
    } finally {
      this.#isClosed = true
      this.#waiting.wake()
    }
  }

  /** @internal */
  settled(sequence: number, dropped: Fault | undefined): void {
    this.#settled.set(sequence, dropped)
    if (dropped === undefined) this.#durable++
    this.#waiting.wake()
  }

  /** @internal */
  asked(fault: Fault): void {
    this.retries.push(new ExtensionError(fault))
  }

  /** @internal */
  endedBy(fault: Fault): void {
    this.failed ??= new ExtensionError(fault)
    this.#waiting.wake()
  }

  #lastRetry(): string {
    const last = this.retries.at(-1)
    return last === undefined ? '' : ` (${last.message})`
  }
}
