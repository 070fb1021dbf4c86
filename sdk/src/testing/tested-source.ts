import type { Bench, Checkpoint, Fault, TestTuple } from './bench.ts'
import { ExtensionError } from './fault.ts'
import { Waiting } from './waiting.ts'

/** A source that runs in a test, and what it has brought so far. */
export class TestedSource {
  /** Everything that it has brought, in order. */
  readonly tuples: TestTuple[] = []
  readonly #bench: Bench
  readonly #flow: number
  readonly #waiting = new Waiting()
  #taken = 0
  #failed: ExtensionError | undefined
  #ended = false

  constructor(bench: Bench, flow: number) {
    this.#bench = bench
    this.#flow = flow
  }

  /** Why the source has ended its rule: `errCh`, a rejected `open`, an error that nobody caught. */
  get failed(): ExtensionError | undefined {
    return this.#failed
  }

  /** It has said that there is nothing more: pull style returned, `ctx.end()`, `EndOfInput`. */
  get ended(): boolean {
    return this.#ended
  }

  /**
   * The next tuples, those of earlier calls not among them. Waits for what is on its way; timers fire only when the clock
   * is moved.
   *
   * @throws ExtensionError when the source fails first; Error when it ends, or brings too few within 30 s
   */
  async next(count = 1): Promise<TestTuple[]> {
    const end = this.#taken + count
    await this.#waiting.until(
      () => this.tuples.length >= end || this.#ended || this.#failed !== undefined,
      () => `the source brought ${this.tuples.length - this.#taken} of ${count} tuples`,
    )
    if (this.tuples.length < end) {
      if (this.#failed !== undefined) throw this.#failed
      throw new Error(
        `the source has ended after ${this.tuples.length - this.#taken} of ${count} tuples`,
      )
    }
    const next = this.tuples.slice(this.#taken, end)
    this.#taken = end
    return next
  }

  /**
   * Waits for the end of a bounded source.
   *
   * @returns all its tuples
   * @throws ExtensionError when it fails instead
   */
  async finished(): Promise<readonly TestTuple[]> {
    await this.#waiting.until(
      () => this.#ended || this.#failed !== undefined,
      () => 'the source has not ended',
    )
    if (this.#failed !== undefined) throw this.#failed
    return this.tuples
  }

  /** What the rule would save now: the state, and the offset of the last tuple that came. */
  async checkpoint(): Promise<Checkpoint> {
    const state = await this.#bench.checkpoint(this.#flow)
    return { state, offset: this.tuples.at(-1)?.offset }
  }

  /** Closes it, as the end of its rule does. */
  close(): Promise<void> {
    return this.#bench.close(this.#flow)
  }

  /** @internal */
  took(tuples: readonly TestTuple[]): void {
    this.tuples.push(...tuples)
    this.#waiting.wake()
  }

  /** @internal */
  endedBy(fault?: Fault): void {
    if (fault === undefined) this.#ended = true
    else this.#failed ??= new ExtensionError(fault)
    this.#waiting.wake()
  }
}
