import type { Tier } from './bundle.ts'
import { RulePool } from './pool.ts'

export interface SparesOptions {
  /** The script of each tier. */
  entry(tier: Tier): Promise<string>
  readonly maxYoungGenerationSizeMb?: number | undefined
  readonly maxOldGenerationSizeMb?: number | undefined
  /** ms until a spare must have booted. @default 20000 */
  readonly bootMs?: number | undefined
}

interface Spare {
  readonly pool: RulePool
  isReady: boolean
}

/** Keeps one booted worker of each tier in use, so that starting a rule does not pay for booting a sandbox. */
export class Spares {
  readonly #options: SparesOptions
  readonly #spares = new Map<Tier, Spare>()
  readonly #uses = new Map<Tier, number>()
  #isClosed = false

  constructor(options: SparesOptions) {
    this.#options = options
  }

  /** A pool for one rule. It is to be given back by `release`, once. */
  async take(tier: Tier): Promise<RulePool> {
    const entry = await this.#options.entry(tier)
    this.#uses.set(tier, (this.#uses.get(tier) ?? 0) + 1)
    const spare = this.#spares.get(tier)
    this.#spares.delete(tier)
    const pool = spare?.pool ?? this.#boot(tier, entry)
    // The next spare boots when this rule has had its start, not beside it.
    setTimeout(() => this.#prepare(tier, entry), spare?.isReady === true ? 50 : 250).unref()
    return pool
  }

  /** A rule of this tier is gone. With the last one goes the spare. */
  release(tier: Tier): void {
    const uses = (this.#uses.get(tier) ?? 1) - 1
    this.#uses.set(tier, uses)
    if (uses === 0) this.#drop(tier)
  }

  close(): void {
    this.#isClosed = true
    for (const tier of [...this.#spares.keys()]) this.#drop(tier)
  }

  #boot(tier: Tier, entry: string): RulePool {
    const { maxYoungGenerationSizeMb, maxOldGenerationSizeMb } = this.#options
    return new RulePool({ tier, entry, maxYoungGenerationSizeMb, maxOldGenerationSizeMb })
  }

  #prepare(tier: Tier, entry: string): void {
    if (this.#isClosed || this.#spares.has(tier) || this.#uses.get(tier) === 0) return
    const spare: Spare = { pool: this.#boot(tier, entry), isReady: false }
    this.#spares.set(tier, spare)
    const giveUp = setTimeout(() => this.#forget(tier, spare), this.#options.bootMs ?? 20_000)
    giveUp.unref()
    spare.pool
      .prime()
      .then(
        () => {
          spare.isReady = true
        },
        () => this.#forget(tier, spare),
      )
      .finally(() => clearTimeout(giveUp))
  }

  #drop(tier: Tier): void {
    const spare = this.#spares.get(tier)
    if (spare !== undefined) this.#forget(tier, spare)
  }

  #forget(tier: Tier, spare: Spare): void {
    if (this.#spares.get(tier) !== spare) return
    this.#spares.delete(tier)
    void spare.pool.destroy()
  }
}
