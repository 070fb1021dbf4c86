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

export interface CountWindowOptions {
  readonly length: number
  /** The window fires at every so many rows, once there are `length` of them. */
  readonly interval: number
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/** The last `length` rows, emitted at every `interval`th row; the first time when there are so many. */
export class CountWindow implements Operator {
  readonly id: OperatorId
  readonly #options: CountWindowOptions
  readonly #context: OperatorContext
  #output: Output = unlinked
  /** The newest rows; older ones than the next window needs are cut off when it fires. */
  #rows: Row[] = []
  #times: number[] = []
  /** Rows since the last multiple of `interval`. */
  #since = 0

  constructor(id: OperatorId, options: CountWindowOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    this.#context.metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) this.#take(rows[i] as Row, times[i] as number)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (this.#rows.length === 0) return undefined
    return {
      since: this.#since,
      rows: packColumn(this.#rows),
      times: packColumn(this.#times),
    }
  }

  restore(state: unknown): void {
    const { since, rows, times } = state as { since: number; rows: unknown; times: unknown }
    this.#since = since
    this.#rows = unpackColumn(rows) as Row[]
    this.#times = unpackColumn(times) as number[]
  }

  #take(row: Row, time: number): void {
    const { filter, length, interval } = this.#options
    try {
      if (filter !== undefined && filter(row) !== true) return
    } catch (error) {
      this.#context.rowError(error, time)
      return
    }
    this.#rows.push(row)
    this.#times.push(time)
    this.#since++
    if (this.#since < interval) return
    this.#since = 0
    if (this.#rows.length >= length) this.#fire(time)
  }

  #fire(time: number): void {
    const { length, interval, bounds } = this.#options
    const rows = this.#rows.slice(-length)
    const start = this.#times.at(-length) as number // there are at least `length` of them
    const kept = Math.max(0, length - interval)
    this.#rows = kept === 0 ? [] : rows.slice(-kept)
    this.#times = kept === 0 ? [] : this.#times.slice(-kept)
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({
      rows: withBounds(rows, bounds, start, time),
      times: rows.map(() => time),
    })
  }
}
