import type { Predicate } from '#src/operators/compiled.ts'
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
import { type BoundColumns, withBounds } from './bounds.ts'
import type { Span } from './tumbling-clock.ts'

export interface TumblingWindowOptions {
  readonly spanOf: (time: number) => Span
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/** Keeps the rows of a tumbling window and emits them when it closes; a window without rows emits nothing. */
export class TumblingWindow implements Operator {
  readonly id: OperatorId
  readonly #options: TumblingWindowOptions
  readonly #context: OperatorContext
  #output: Output = unlinked
  #rows: Row[] = []
  #start = Number.NEGATIVE_INFINITY
  #end = Number.NEGATIVE_INFINITY

  constructor(id: OperatorId, options: TumblingWindowOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    const { filter } = this.#options
    this.#context.metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const time = times[i] as number
      if (time >= this.#end) this.#open(time)
      try {
        if (filter === undefined || filter(row) === true) this.#rows.push(row)
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
  }

  advance(time: number): void {
    if (time >= this.#end) this.#close()
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#rows.length > 0 ? this.#end : Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (this.#rows.length === 0) return undefined
    return { start: this.#start, end: this.#end, rows: packColumn(this.#rows) }
  }

  restore(state: unknown): void {
    const { start, end, rows } = state as { start: number; end: number; rows: unknown }
    this.#start = start
    this.#end = end
    this.#rows = unpackColumn(rows) as Row[]
  }

  #open(time: number): void {
    this.#close()
    const { start, end } = this.#options.spanOf(time)
    this.#start = start
    this.#end = end
  }

  #close(): void {
    const rows = this.#rows
    if (rows.length === 0) return
    const [start, end] = [this.#start, this.#end]
    this.#rows = []
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({
      rows: withBounds(rows, this.#options.bounds, start, end),
      times: rows.map(() => end),
    })
  }
}
