import type { Absorber } from '#src/operators/absorber.ts'
import type { Predicate } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { Groups } from '#src/operators/groups.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import { type BoundColumns, writeBounds } from './bounds.ts'
import type { Span } from './tumbling-clock.ts'

export interface TumblingAggregateOptions {
  readonly columns: GroupColumns
  readonly spanOf: (time: number) => Span
  /** FILTER(WHERE …) of the window: other rows do not enter it. */
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/**
 * Groups over a tumbling window, aggregated row by row: no rows are kept. A window closes on `advance`, or on the first
 * row that is not before its end; one without rows emits nothing.
 */
export class TumblingAggregate implements Absorber {
  readonly id: OperatorId
  readonly #options: TumblingAggregateOptions
  readonly #context: OperatorContext
  readonly #groups: Groups
  readonly #filter: Predicate | undefined
  #output: Output = unlinked
  #start = Number.NEGATIVE_INFINITY
  #end = Number.NEGATIVE_INFINITY

  constructor(id: OperatorId, options: TumblingAggregateOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#groups = new Groups(options.columns)
    this.#filter = options.filter
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    if (time >= this.#end) this.#open(time)
    try {
      if (this.#filter !== undefined && this.#filter(row) !== true) return
      this.#groups.add(row)
    } catch (error) {
      this.#context.rowError(error, time)
    }
  }

  /** What was absorbed stays until its window closes. */
  settle(): void {}

  advance(time: number): void {
    if (time >= this.#end) this.#close()
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#groups.size > 0 ? this.#end : Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (this.#groups.size === 0) return undefined
    return { start: this.#start, end: this.#end, groups: this.#groups.snapshot() }
  }

  restore(state: unknown): void {
    const { start, end, groups } = state as { start: number; end: number; groups: unknown }
    this.#start = start
    this.#end = end
    this.#groups.restore(groups)
  }

  #open(time: number): void {
    this.#close()
    const { start, end } = this.#options.spanOf(time)
    this.#start = start
    this.#end = end
  }

  #close(): void {
    if (this.#groups.size === 0) return
    const [start, end] = [this.#start, this.#end]
    const rows = this.#groups.rows(
      (row) => writeBounds(row, this.#options.bounds, start, end),
      (error) => this.#context.rowError(error, end),
    )
    this.#groups.clear()
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({ rows, times: rows.map(() => end) })
  }
}
