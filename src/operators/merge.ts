import { EngineError } from '#src/errors.ts'
import { HeldRows } from './held-rows.ts'
import type { Intake } from './intake.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface MergeOptions {
  readonly sources: readonly number[]
  /** Those of them whose rows come before others of the same time: tables. */
  readonly tables?: readonly number[] | undefined
  readonly batchRows: number
}

/**
 * Merges the rows of several sources by (time, source, sequence). A row goes on only when every source has passed its
 * time, so that the order is the same however the sources were read.
 */
export class Merge implements Intake {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #most: number
  readonly #ranks: readonly number[]
  readonly #held = new HeldRows()
  /** By source: nothing older will come. */
  #reached: number[]
  #output: Output = unlinked

  constructor(id: OperatorId, options: MergeOptions, context: OperatorContext) {
    this.id = id
    this.#most = options.batchRows
    this.#ranks = ranksOf(options.sources, options.tables)
    this.#context = context
    this.#reached = startOf(options.sources)
  }

  link(output: Output): void {
    this.#output = output
  }

  take(source: number, row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    this.#held.add(row, time, this.#ranks[source] as number)
  }

  see(): void {}

  settle(): void {}

  reach(source: number, time: number): void {
    if (time > (this.#reached[source] ?? Number.POSITIVE_INFINITY)) this.#reached[source] = time
    this.#release()
  }

  push(_batch: Batch): void {
    throw new EngineError('bad-plan', `${this.id}: rows of several sources are merged one by one`)
  }

  advance(_time: number): void {
    this.#release()
  }

  /** A row that waits goes on as soon as no source has anything as old. */
  wakeAt(): number {
    if (this.#held.size === 0) return Number.POSITIVE_INFINITY
    return Math.max(this.#held.oldest, Math.min(...this.#reached)) + 1
  }

  snapshot(): unknown {
    return { reached: [...this.#reached], held: this.#held.snapshot() }
  }

  restore(state: unknown): void {
    const { reached, held } = state as { reached: number[]; held: unknown } // what snapshot made
    this.#reached = this.#reached.map((at, source) => reached[source] ?? at)
    this.#held.restore(held)
  }

  #release(): void {
    const bound = Math.min(...this.#reached)
    const all = bound === Number.POSITIVE_INFINITY
    const { metrics } = this.#context
    metrics.recordsOut += this.#held.release(bound, all, this.#most, this.#output)
    if (bound !== Number.NEGATIVE_INFINITY) this.#output.advance(bound)
  }
}

/** By source number: the place of its rows among others of the same time. Tables are filled before they are asked. */
export function ranksOf(
  sources: readonly number[],
  tables: readonly number[] = [],
): readonly number[] {
  const isTable = (source: number) => tables.includes(source)
  const order = [...sources.filter(isTable), ...sources.filter((source) => !isTable(source))]
  return Array.from({ length: Math.max(...sources) + 1 }, (_, source) => order.indexOf(source))
}

/** By source number: those that give no rows have been reached for ever. */
export function startOf(sources: readonly number[]): number[] {
  return Array.from({ length: Math.max(...sources) + 1 }, (_, source) =>
    sources.includes(source) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
  )
}
