import { HeldRows } from './held-rows.ts'
import type { Output, Row } from './operator.ts'

export interface MergedSources {
  readonly sources: readonly number[]
  /** Those of them whose rows come before others of the same time: tables. */
  readonly tables?: readonly number[] | undefined
}

/** Rows of several sources, in the order (time, source, sequence): each waits until every source has passed its time. */
export class MergedRows {
  readonly #ranks: readonly number[]
  readonly #held = new HeldRows()
  /** By source: nothing older will come. */
  #reached: number[]

  constructor({ sources, tables }: MergedSources) {
    this.#ranks = ranksOf(sources, tables)
    this.#reached = startOf(sources)
  }

  get reached(): readonly number[] {
    return this.#reached
  }

  /** All sources have been reached up to here; `Infinity` when nothing more will come. */
  get bound(): number {
    return Math.min(...this.#reached)
  }

  add(row: Row, time: number, source: number): void {
    this.#held.add(row, time, this.#ranks[source] as number)
  }

  hasOf(source: number): boolean {
    return this.#held.hasOf(this.#ranks[source] as number)
  }

  /** @returns whether that is further than before */
  reach(source: number, time: number): boolean {
    if (time <= (this.#reached[source] ?? Number.POSITIVE_INFINITY)) return false
    this.#reached[source] = time
    return true
  }

  /** Sends the rows before the bound, in batches of at most `most`. */
  release(most: number, output: Output): number {
    const { bound } = this
    return this.#held.release(bound, bound === Number.POSITIVE_INFINITY, most, output)
  }

  /** A row that waits goes on as soon as no source has anything as old. */
  wakeAt(): number {
    if (this.#held.size === 0) return Number.POSITIVE_INFINITY
    return Math.max(this.#held.oldest, this.bound) + 1
  }

  snapshot(): unknown {
    return { reached: [...this.#reached], held: this.#held.snapshot() }
  }

  restore(state: unknown): void {
    const { reached, held } = state as { reached: number[]; held: unknown } // what snapshot made
    this.#reached = this.#reached.map((at, source) => reached[source] ?? at)
    this.#held.restore(held)
  }
}

/** By source number: those that give no rows have been reached for ever. */
export function startOf(sources: readonly number[]): number[] {
  return Array.from({ length: Math.max(...sources) + 1 }, (_, source) =>
    sources.includes(source) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
  )
}

/** By source number: the place of its rows among others of the same time. Tables are filled before they are asked. */
function ranksOf(sources: readonly number[], tables: readonly number[] = []): readonly number[] {
  const isTable = (source: number) => tables.includes(source)
  const order = [...sources.filter(isTable), ...sources.filter((source) => !isTable(source))]
  return Array.from({ length: Math.max(...sources) + 1 }, (_, source) => order.indexOf(source))
}
