import type { Absorber } from '#src/operators/absorber.ts'
import type { Predicate } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { Groups } from '#src/operators/groups.ts'
import type { Batch, OperatorContext, OperatorId, Output, Row } from '#src/operators/operator.ts'
import type { BoundColumns } from './bounds.ts'
import { GroupEmissions } from './group-emissions.ts'

export interface CountAggregateOptions {
  readonly columns: GroupColumns
  readonly length: number
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/**
 * Groups over every `length` rows, aggregated row by row: no rows are kept. A row that fails counts for nothing, so a
 * window always has `length` rows that did not. Windows that overlap keep rows: `CountWindow`.
 */
export class CountAggregate implements Absorber {
  readonly id: OperatorId
  readonly #options: CountAggregateOptions
  readonly #context: OperatorContext
  readonly #emissions: GroupEmissions
  readonly #groups: Groups
  #count = 0
  #start = 0

  constructor(id: OperatorId, options: CountAggregateOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#emissions = new GroupEmissions(options, context)
    this.#groups = new Groups(options.columns)
  }

  link(output: Output): void {
    this.#emissions.link(output)
  }

  push({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    const { filter, length } = this.#options
    try {
      if (filter !== undefined && filter(row) !== true) return
      this.#groups.add(row)
    } catch (error) {
      this.#context.rowError(error, time)
      return
    }
    if (this.#count === 0) this.#start = time
    this.#count++
    if (this.#count === length) this.#close(time)
  }

  settle(): void {}

  advance(time: number): void {
    this.#emissions.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (this.#count === 0) return undefined
    return { count: this.#count, start: this.#start, groups: this.#groups.snapshot() }
  }

  restore(state: unknown): void {
    const { count, start, groups } = state as { count: number; start: number; groups: unknown }
    this.#count = count
    this.#start = start
    this.#groups.restore(groups)
  }

  #close(time: number): void {
    const rows = this.#emissions.rowsOf(this.#groups, { start: this.#start, end: time })
    this.#groups.clear()
    this.#count = 0
    this.#emissions.send(rows, time)
  }
}
