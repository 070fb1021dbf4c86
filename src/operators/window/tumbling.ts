import type { Predicate } from '#src/operators/compiled.ts'
import { emptyEmission } from '#src/operators/empty-emission.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type BoundColumns, boundsOf, withBounds } from './bounds.ts'
import type { Span } from './tumbling-clock.ts'
import { TumblingWalk } from './tumbling-walk.ts'

export interface TumblingWindowOptions {
  readonly spanOf: (time: number) => Span
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/** Keeps the rows of a tumbling window and emits them when it closes; from the first row on also when there are none. */
export class TumblingWindow implements Operator {
  readonly id: OperatorId
  readonly #options: TumblingWindowOptions
  readonly #context: OperatorContext
  #output: Output = unlinked
  #rows: Row[] = []
  readonly #walk: TumblingWalk
  readonly #close = (span: Span) => this.#fire(span)

  constructor(id: OperatorId, options: TumblingWindowOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#walk = new TumblingWalk(options.spanOf, true)
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    const { filter } = this.#options
    this.#context.metrics.recordsIn += rows.length
    if (filter === undefined && (times[times.length - 1] as number) < this.#walk.end) {
      // All of them lie in the open window.
      const kept = this.#rows
      for (let i = 0; i < rows.length; i++) kept.push(rows[i] as Row)
      return
    }
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const time = times[i] as number
      if (time >= this.#walk.end) this.#walk.open(time, this.#close)
      try {
        if (filter === undefined || filter(row) === true) this.#rows.push(row)
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
  }

  advance(time: number): void {
    this.#walk.reach(time, this.#close)
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#walk.isOpen ? this.#walk.end : Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (!this.#walk.isOpen) return undefined
    const { start, end } = this.#walk
    return { start, end, rows: packColumn(this.#rows) }
  }

  restore(state: unknown): void {
    const { start, end, rows } = state as { start: number; end: number; rows: unknown }
    this.#walk.enter({ start, end })
    this.#rows = unpackColumn(rows) as Row[]
  }

  #fire({ start, end }: Span): void {
    const { bounds } = this.#options
    const rows = this.#rows
    if (rows.length === 0) {
      // At the end of the stream its time has not come.
      if (!this.#walk.isOpen) return
      this.#output.push(emptyEmission(end, boundsOf(bounds, start, end)))
      return
    }
    this.#rows = []
    this.#context.metrics.recordsOut += rows.length
    const times: number[] = new Array(rows.length)
    times.fill(end)
    this.#output.push({ rows: withBounds(rows, bounds, start, end), times })
  }
}
