import type { Row } from '#src/operators/operator.ts'

export interface LookupCacheOptions {
  /** ms; 0: for ever. */
  readonly ttlMs: number
  /** Keeps also that there was nothing. */
  readonly missing: boolean
  now(): number
  /** Keys and rows, at most: the key used longest ago makes room. @default 10000 */
  readonly most?: number | undefined
}

interface Entry {
  readonly rows: readonly Row[]
  readonly at: number
}

/** What a lookup table answered, by structural key. */
export class LookupCache {
  readonly #options: LookupCacheOptions
  /** In the order of their last use. */
  readonly #entries = new Map<unknown, Entry>()
  #weight = 0

  constructor(options: LookupCacheOptions) {
    this.#options = options
  }

  get(key: unknown): readonly Row[] | undefined {
    const entry = this.#take(key)
    if (entry === undefined) return undefined
    const { ttlMs, now } = this.#options
    if (ttlMs > 0 && now() - entry.at >= ttlMs) return undefined
    this.#put(key, entry)
    return entry.rows
  }

  set(key: unknown, rows: readonly Row[]): void {
    const { missing, now, most = 10_000 } = this.#options
    this.#take(key)
    if (rows.length === 0 && !missing) return
    this.#put(key, { rows, at: now() })
    while (this.#weight > most) {
      const [oldest] = this.#entries.keys()
      this.#take(oldest)
    }
  }

  #put(key: unknown, entry: Entry): void {
    this.#entries.set(key, entry)
    this.#weight += weightOf(entry)
  }

  #take(key: unknown): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#weight -= weightOf(entry)
    return entry
  }
}

/** A key that has nothing takes its place too. */
function weightOf({ rows }: Entry): number {
  return 1 + rows.length
}
