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
import { type BoundColumns, withBounds } from './bounds.ts'
import { Delayed } from './delayed.ts'
import { KeptRows } from './kept-rows.ts'

export interface SlidingSpan {
  readonly lengthMs: number
  readonly delayMs: number
  /** With a delay: fires on arrival too. */
  readonly sendTwice: boolean
}

export interface SlidingWindowOptions extends SlidingSpan {
  readonly filter?: Predicate | undefined
  /** Fires at those rows only. @default every row */
  readonly when?: Predicate | undefined
  readonly bounds: BoundColumns
}

/**
 * The rows of [t - length, t] at each row, or at those that fulfil OVER(WHEN …); with a delay those of
 * (t - length, t + delay], as in the peer, once nothing older than its end can come. Of rows with one time the earlier ones do not see
 * the later ones.
 */
export class SlidingWindow implements Operator {
  readonly id: OperatorId
  readonly #options: SlidingWindowOptions
  readonly #context: OperatorContext
  readonly #kept = new KeptRows()
  readonly #delayed: Delayed
  #output: Output = unlinked

  constructor(id: OperatorId, options: SlidingWindowOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#delayed = new Delayed(options.delayMs, (time, end) => {
      this.#fire(time, end, false)
    })
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    this.#context.metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) this.#take(rows[i] as Row, times[i] as number)
  }

  advance(time: number): void {
    this.#delayed.advance(time)
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#delayed.wakeAt()
  }

  snapshot(): unknown {
    if (this.#kept.size === 0) return undefined
    return { kept: this.#kept.snapshot(), delayed: this.#delayed.snapshot() }
  }

  restore(state: unknown): void {
    const { kept, delayed } = state as { kept: unknown; delayed: unknown } // what snapshot made
    this.#kept.restore(kept)
    this.#delayed.restore(delayed)
  }

  #take(row: Row, time: number): void {
    const { filter, when, lengthMs, delayMs, sendTwice } = this.#options
    this.#delayed.advance(time)
    let fires = true
    try {
      if (filter !== undefined && filter(row) !== true) return
      if (when !== undefined) fires = when(row) === true
    } catch (error) {
      this.#context.rowError(error, time)
      return
    }
    this.#kept.add(row, time)
    this.#kept.dropBefore((this.#delayed.next ?? time) - lengthMs)
    if (!fires) return
    if (delayMs === 0 || sendTwice) this.#fire(time, time, true)
    if (delayMs > 0) this.#delayed.add(time)
  }

  #fire(time: number, end: number, includesStart: boolean): void {
    const start = time - this.#options.lengthMs
    const rows = includesStart ? this.#kept.from(start) : this.#kept.after(start)
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({
      rows: withBounds(rows, this.#options.bounds, start, end),
      times: rows.map(() => end),
    })
  }
}
