import type { Absorber } from '#src/operators/absorber.ts'
import type { Predicate } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { Groups } from '#src/operators/groups.ts'
import type { Batch, OperatorContext, OperatorId, Output, Row } from '#src/operators/operator.ts'
import type { BoundColumns } from './bounds.ts'
import { GroupEmissions } from './group-emissions.ts'
import type { Span } from './tumbling-clock.ts'
import { TumblingWalk } from './tumbling-walk.ts'

export interface TumblingAggregateOptions {
  readonly columns: GroupColumns
  readonly spanOf: (time: number) => Span
  /** FILTER(WHERE …) of the window: other rows do not enter it. */
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/**
 * Groups over a tumbling window, aggregated row by row: no rows are kept. A window closes on `advance`, or on the first
 * row that is not before its end. Without dimensions, one in which no row came says so, from the first row on.
 */
export class TumblingAggregate implements Absorber {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #emissions: GroupEmissions
  readonly #groups: Groups
  readonly #filter: Predicate | undefined
  readonly #walk: TumblingWalk
  readonly #firesEmpty: boolean
  readonly #close = (span: Span) => this.#fire(span)

  constructor(id: OperatorId, options: TumblingAggregateOptions, context: OperatorContext) {
    this.id = id
    this.#context = context
    this.#emissions = new GroupEmissions(options, context)
    this.#groups = new Groups(options.columns)
    this.#filter = options.filter
    this.#firesEmpty = options.columns.keys.length === 0
    this.#walk = new TumblingWalk(options.spanOf, this.#firesEmpty)
  }

  link(output: Output): void {
    this.#emissions.link(output)
  }

  push({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    if (time >= this.#walk.end) this.#walk.open(time, this.#close)
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
    this.#walk.reach(time, this.#close)
    this.#emissions.advance(time)
  }

  wakeAt(): number {
    return this.#isWaiting() ? this.#walk.end : Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (!this.#isWaiting()) return undefined
    const { start, end } = this.#walk
    return { start, end, groups: this.#groups.snapshot() }
  }

  restore(state: unknown): void {
    const { start, end, groups } = state as { start: number; end: number; groups: unknown }
    this.#walk.enter({ start, end })
    this.#groups.restore(groups)
  }

  #isWaiting(): boolean {
    return this.#groups.size > 0 || (this.#firesEmpty && this.#walk.isOpen)
  }

  #fire(span: Span): void {
    if (this.#groups.size === 0) {
      // At the end of the stream its time has not come.
      if (this.#firesEmpty && this.#walk.isOpen) this.#emissions.sendNothing(span)
      return
    }
    const rows = this.#emissions.rowsOf(this.#groups, span)
    this.#groups.clear()
    this.#emissions.send(rows, span.end)
  }
}
