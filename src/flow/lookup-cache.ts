import type { Row } from '#src/operators/operator.ts'

export interface LookupCacheOptions {
  /** ms; 0: for ever. */
  readonly ttlMs: number
  /** Keeps also that there was nothing. */
  readonly missing: boolean
  now(): number
  /** Keys, at most: the one used longest ago makes room. @default 10000 */
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

  constructor(options: LookupCacheOptions) {
    this.#options = options
  }

  get(key: unknown): readonly Row[] | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const { ttlMs, now } = this.#options
    this.#entries.delete(key)
    if (ttlMs > 0 && now() - entry.at >= ttlMs) return undefined
    this.#entries.set(key, entry)
    return entry.rows
  }

  set(key: unknown, rows: readonly Row[]): void {
    const { missing, now, most = 10_000 } = this.#options
    if (rows.length === 0 && !missing) return
    this.#entries.delete(key)
    this.#entries.set(key, { rows, at: now() })
    if (this.#entries.size <= most) return
    const [oldest] = this.#entries.keys()
    this.#entries.delete(oldest)
  }
}
