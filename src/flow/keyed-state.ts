import { LookupCache } from './lookup-cache.ts'

export interface KeyedStateOptions {
  /** The values under some keys, in their order; null where there is none. */
  readonly ask: (keys: readonly string[]) => Promise<readonly unknown[]>
  /** ms since the epoch */
  readonly now: () => number
}

/** How long a value is believed, ms. */
const TTL_MS = 1000
/** Keys of one call of the host, at most. */
const MOST_KEYS = 256
/** Values kept, at most. */
const MOST_KEPT = 10_000

type Answer = PromiseWithResolvers<unknown>

/**
 * Values that stand under a key outside of the flow, for `get_keyed_state`. What rows ask for in one go is one call of the
 * host; what was answered is believed for a second.
 */
export class KeyedState {
  readonly #options: KeyedStateOptions
  readonly #known: LookupCache
  readonly #asked = new Map<string, Answer>()
  #unsent = new Map<string, Answer>()

  constructor(options: KeyedStateOptions) {
    this.#options = options
    this.#known = new LookupCache({
      ttlMs: TTL_MS,
      missing: true,
      now: options.now,
      most: MOST_KEPT,
    })
  }

  /** The value, or a promise of it; null or `undefined`: there is none. */
  get(key: string): unknown {
    const known = this.#known.get(key)
    if (known !== undefined) return known[0]?.value
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked.promise
    const answer: Answer = Promise.withResolvers()
    // Whoever waits for it hears of its failure.
    answer.promise.catch(() => {})
    this.#asked.set(key, answer)
    if (this.#unsent.size === 0) void Promise.resolve().then(() => this.#send())
    this.#unsent.set(key, answer)
    if (this.#unsent.size >= MOST_KEYS) this.#send()
    return answer.promise
  }

  #send(): void {
    const batch = this.#unsent
    if (batch.size === 0) return
    this.#unsent = new Map()
    void this.#ask(batch)
  }

  async #ask(batch: ReadonlyMap<string, Answer>): Promise<void> {
    try {
      const values = await this.#options.ask([...batch.keys()])
      for (const [i, [key, answer]] of [...batch].entries()) {
        const value = values[i] ?? null
        this.#asked.delete(key)
        this.#known.set(key, value === null ? [] : [{ value }])
        answer.resolve(value)
      }
    } catch (error) {
      for (const [key, answer] of batch) {
        this.#asked.delete(key)
        answer.reject(error)
      }
    }
  }
}
