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
import { type BoundColumns, boundsOf, withBounds } from './bounds.ts'
import type { HopClock } from './hop-clock.ts'
import { KeptRows } from './kept-rows.ts'
import { MOST_EMPTY } from './tumbling-walk.ts'

export interface HoppingWindowOptions {
  readonly clock: HopClock
  readonly filter?: Predicate | undefined
  readonly bounds: BoundColumns
}

/**
 * Keeps the rows of the hopping windows that are open and emits those of each window that ends, from the first row on also
 * when there are none.
 */
export class HoppingWindow implements Operator {
  readonly id: OperatorId
  readonly #options: HoppingWindowOptions
  readonly #context: OperatorContext
  readonly #kept = new KeptRows()
  #output: Output = unlinked
  /** The window that ends next. */
  #hop = 0
  #start = 0
  #end = Number.NEGATIVE_INFINITY

  constructor(id: OperatorId, options: HoppingWindowOptions, context: OperatorContext) {
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
      if (time >= this.#end) {
        if (this.#isOpen) this.#close(time)
        else this.#enter(this.#options.clock.hopOf(time))
      }
      // Windows that leave gaps.
      if (time < this.#start) continue
      try {
        if (filter === undefined || filter(row) === true) this.#kept.add(row, time)
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
  }

  advance(time: number): void {
    if (this.#isOpen && time >= this.#end) this.#close(time)
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#isOpen ? this.#end : Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return this.#isOpen ? { hop: this.#hop, kept: this.#kept.snapshot() } : undefined
  }

  restore(state: unknown): void {
    const { hop, kept } = state as { hop: number; kept: unknown } // what snapshot made
    this.#enter(hop)
    this.#kept.restore(kept)
  }

  get #isOpen(): boolean {
    return this.#end !== Number.NEGATIVE_INFINITY
  }

  /** Emits each window that ends until then; at the end of the stream as long as there are rows. */
  #close(time: number): void {
    const isLast = time === Number.POSITIVE_INFINITY
    let empty = 0
    while (time >= this.#end && (this.#kept.size > 0 || !isLast)) {
      empty = this.#kept.size > 0 ? 0 : empty + 1
      if (empty > MOST_EMPTY) {
        this.#enter(this.#options.clock.hopOf(time))
        return
      }
      this.#fire()
      this.#enter(this.#hop + 1)
      this.#kept.dropBefore(this.#start)
    }
    if (isLast) this.#end = Number.NEGATIVE_INFINITY
  }

  #enter(hop: number): void {
    this.#hop = hop
    this.#start = this.#options.clock.startOf(hop)
    this.#end = this.#options.clock.endOf(hop)
  }

  #fire(): void {
    const rows = this.#kept.from(this.#start)
    const [start, end] = [this.#start, this.#end]
    if (rows.length === 0) {
      this.#output.push(emptyEmission(end, boundsOf(this.#options.bounds, start, end)))
      return
    }
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({
      rows: withBounds(rows, this.#options.bounds, start, end),
      times: rows.map(() => end),
    })
  }
}
