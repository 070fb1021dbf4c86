import { packColumn, unpackColumn } from '#src/state/columns.ts'

/** Says which partitions had no row for too long. By slot, as in a `KeyIndex`. */
export class PartitionExpiry {
  readonly #expiryMs: number
  #seen: number[] = []
  #sweptAt: number | undefined

  constructor(expiryMs: number) {
    this.#expiryMs = expiryMs
  }

  /** A row of that partition came. @returns whether the one before it is too long ago */
  touch(slot: number, time: number): boolean {
    const before = this.#seen[slot]
    this.#seen[slot] = time
    return before !== undefined && time - before > this.#expiryMs
  }

  /** Whether it is time to let go of partitions: once in the time after which one expires. */
  isDue(time: number): boolean {
    this.#sweptAt ??= time
    return time - this.#sweptAt > this.#expiryMs
  }

  /** The slots that stay; the first of them becomes slot 0, and so on. */
  take(time: number): readonly number[] {
    this.#sweptAt = time
    const kept: number[] = []
    for (const [slot, at] of this.#seen.entries()) if (time - at <= this.#expiryMs) kept.push(slot)
    this.#seen = kept.map((slot) => this.#seen[slot] as number)
    return kept
  }

  snapshot(): unknown {
    return { seen: packColumn(this.#seen), sweptAt: this.#sweptAt }
  }

  restore(state: unknown): void {
    const { seen, sweptAt } = state as { seen: unknown; sweptAt: number | undefined } // what snapshot made
    this.#seen = unpackColumn(seen) as number[]
    this.#sweptAt = sweptAt
  }
}
