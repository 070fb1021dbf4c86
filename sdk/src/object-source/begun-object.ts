import type { ObjectStore } from './object-store.ts'

/** An object that the store was asked for before its turn: its first bytes wait here, the rest where it comes from. */
export class BegunObject {
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  readonly #stop = () => this.#abort.abort()
  readonly #chunks: Uint8Array[] = []
  readonly #begun: Promise<void>
  #rest: AsyncIterator<Uint8Array> | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param bytes that are held, about, until the object is read */
  constructor(
    open: (signal: AbortSignal) => ReturnType<NonNullable<ObjectStore<unknown, unknown>['open']>>,
    bytes: number,
    signal: AbortSignal,
  ) {
    this.#signal = signal
    if (signal.aborted) this.#stop()
    signal.addEventListener('abort', this.#stop)
    this.#begun = this.#begin(open, bytes)
  }

  /** From its start to its end; may be asked for once. What failed before its turn fails now. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#begun
    try {
      yield* this.#chunks
      if (this.#failure !== undefined) throw this.#failure.error
      while (this.#rest !== undefined) {
        const { done, value } = await this.#rest.next()
        if (done === true) this.#rest = undefined
        else yield value
      }
    } finally {
      const rest = this.#rest
      this.#over(rest !== undefined)
      await rest?.return?.()
    }
  }

  /** It will not be read after all. */
  async close(): Promise<void> {
    this.#over(true)
    await this.#begun
    await this.#rest?.return?.()
  }

  /** What was read to its end is not aborted: that costs more than the reading of a small object. */
  #over(isCutOff: boolean): void {
    this.#signal.removeEventListener('abort', this.#stop)
    if (isCutOff) this.#stop()
  }

  async #begin(
    open: (signal: AbortSignal) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
    bytes: number,
  ): Promise<void> {
    try {
      const rest = (await open(this.#abort.signal))[Symbol.asyncIterator]()
      this.#rest = rest
      for (let held = 0; held < bytes && !this.#abort.signal.aborted; ) {
        const { done, value } = await rest.next()
        if (done === true) {
          this.#rest = undefined
          return
        }
        this.#chunks.push(value)
        held += value.length
      }
    } catch (error) {
      this.#rest = undefined
      this.#failure = { error }
    }
  }
}
