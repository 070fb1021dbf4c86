import { type Absorber, isAbsorber } from '#src/operators/absorber.ts'
import type { Predicate } from '#src/operators/compiled.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import { type BoundColumns, writeBounds } from './bounds.ts'
import { Delayed } from './delayed.ts'
import type { SlidingSpan } from './sliding.ts'
import { SlidingStore } from './sliding-store.ts'

export interface SlidingAggregateOptions extends SlidingSpan {
  readonly columns: GroupColumns
  readonly filter?: Predicate | undefined
  /** Fires at those rows only. @default every row */
  readonly when?: Predicate | undefined
  /** WHERE of the statement: rows that do not pass trigger the window, and do not count. */
  readonly where?: Predicate | undefined
  readonly bounds: BoundColumns
}

interface State {
  readonly store: unknown
  readonly early: unknown
  readonly delayed: unknown
}

/** Groups over a sliding window, see `SlidingWindow`. */
export class SlidingAggregate implements Absorber {
  readonly id: OperatorId
  readonly #options: SlidingAggregateOptions
  readonly #context: OperatorContext
  readonly #store: SlidingStore
  /** Where the window fires twice: the rows as it sees them on arrival, which are newer than those that wait. */
  readonly #early: SlidingStore | undefined
  readonly #delayed: Delayed
  readonly #isKeyed: boolean
  #output: Output = unlinked
  /** The output, where it takes a row without a batch around it. */
  #absorber: Absorber | undefined

  constructor(id: OperatorId, options: SlidingAggregateOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    const { columns, delayMs, sendTwice } = options
    this.#isKeyed = columns.keys.length > 0
    this.#store = new SlidingStore(columns, delayMs === 0)
    this.#early = delayMs > 0 && sendTwice ? new SlidingStore(columns, true) : undefined
    this.#delayed = new Delayed(delayMs, (time, end) => this.#fire(this.#store, time, end))
  }

  link(output: Output): void {
    this.#output = output
    this.#absorber = isAbsorber(output) ? output : undefined
  }

  push({ rows, times }: Batch): void {
    this.#context.metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) this.#take(rows[i] as Row, times[i] as number)
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    this.#take(row, time)
  }

  settle(): void {}

  advance(time: number): void {
    this.#delayed.advance(time)
    this.#output.advance(time)
  }

  wakeAt(): number {
    return this.#delayed.wakeAt()
  }

  snapshot(): State | undefined {
    if (this.#store.isUnused && this.#delayed.next === undefined) return undefined
    return {
      store: this.#store.snapshot(),
      early: this.#early?.snapshot(),
      delayed: this.#delayed.snapshot(),
    }
  }

  restore(state: unknown): void {
    const { store, early, delayed } = state as State // what snapshot made
    this.#store.restore(store)
    if (early !== undefined) this.#early?.restore(early)
    this.#delayed.restore(delayed)
  }

  #take(row: Row, time: number): void {
    const { filter, when, where, lengthMs, delayMs } = this.#options
    if (delayMs > 0) this.#delayed.advance(time)
    let fires = true
    try {
      if (filter !== undefined && filter(row) !== true) return
      if (when !== undefined) fires = when(row) === true
      if (where === undefined || where(row) === true) {
        if (this.#store.add(row, time)) {
          this.#store.evict((this.#delayed.next ?? time) - lengthMs)
        }
        if (this.#early?.add(row, time)) this.#early.evict(time - lengthMs)
      }
    } catch (error) {
      this.#context.rowError(error, time)
      return
    }
    if (!fires) return
    if (delayMs > 0) this.#delayed.add(time)
    else this.#fire(this.#store, time, time)
    if (this.#early !== undefined) this.#fire(this.#early, time, time)
  }

  #fire(store: SlidingStore, time: number, end: number): void {
    const start = time - this.#options.lengthMs
    if (!this.#isKeyed) {
      this.#fireOnly(store, start, end)
      return
    }
    const rows = store.rows(
      start,
      (row) => writeBounds(row, this.#options.bounds, start, end),
      (error) => this.#context.rowError(error, end),
    )
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({ rows, times: rows.map(() => end) })
  }

  /** Without dimensions there is one row. */
  #fireOnly(store: SlidingStore, start: number, end: number): void {
    let row: Row | undefined
    try {
      row = store.only(start)
    } catch (error) {
      this.#context.rowError(error, end)
      return
    }
    if (row === undefined) return
    writeBounds(row, this.#options.bounds, start, end)
    this.#context.metrics.recordsOut++
    const absorber = this.#absorber
    if (absorber === undefined) {
      this.#output.push({ rows: [row], times: [end] })
    } else {
      absorber.absorb(row, end)
      absorber.settle()
    }
  }
}
