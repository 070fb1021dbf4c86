import type { Predicate, Value } from '#src/operators/compiled.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import type { Contents } from './contents.ts'
import { OpenWindows } from './open-windows.ts'

export interface StateWindowOptions {
  readonly begin: Predicate
  /** Missing: a window ends where the next one begins. */
  readonly emit?: Predicate | undefined
  /** One window per key at a time; empty: one for the statement. */
  readonly partition: readonly Value[]
  readonly filter?: Predicate | undefined
  readonly contents: Contents
}

/**
 * STATEWINDOW(begin, emit) opens at a row that fulfils `begin` and fires at a later one that fulfils `emit`, both
 * included. STATEWINDOW(begin) fires at the next row that fulfils `begin`, which is the first of the next window. Windows
 * that are still open at the end of the stream do not fire.
 */
export class StateWindow implements Operator {
  readonly id: OperatorId
  /** Missing where rows are kept. */
  readonly absorb: ((row: Row, time: number) => void) | undefined
  readonly #options: StateWindowOptions
  readonly #context: OperatorContext
  readonly #windows: OpenWindows
  #output: Output = unlinked

  constructor(id: OperatorId, options: StateWindowOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#windows = new OpenWindows(options.partition)
    if (!options.contents.keepsRows) this.absorb = (row, time) => this.#take(row, time)
  }

  get stateVersion(): number | undefined {
    return this.#options.contents.stateVersion
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.#take(rows[i] as Row, times[i] as number)
  }

  settle(): void {}

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    if (this.#windows.size === 0) return undefined
    this.#compact()
    return { windows: this.#windows.snapshot(), contents: this.#options.contents.snapshot() }
  }

  restore(state: unknown): void {
    const { windows, contents } = state as { windows: unknown; contents: unknown } // what snapshot made
    this.#windows.restore(windows)
    this.#options.contents.restore(contents)
  }

  #take(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    const { filter } = this.#options
    try {
      if (filter !== undefined && filter(row) !== true) return
      const slot = this.#windows.slotOf(row)
      if (this.#windows.isOpen(slot)) this.#continue(slot, row, time)
      else if (this.#options.begin(row) === true) this.#open(slot, row, time)
    } catch (error) {
      this.#context.rowError(error, time)
    }
    if (this.#windows.isSparse) this.#compact()
  }

  #open(slot: number, row: Row, time: number): void {
    this.#options.contents.add(slot, true, row)
    this.#windows.open(slot, time)
  }

  #continue(slot: number, row: Row, time: number): void {
    const { begin, emit, contents } = this.#options
    if (emit === undefined) {
      if (begin(row) === true) {
        // Before the window fires: a row that fails ends nothing.
        contents.add(this.#windows.spare, true, row)
        this.#close(slot, time)
        contents.move(this.#windows.spare, slot)
        this.#windows.open(slot, time)
      } else contents.add(slot, false, row)
      return
    }
    const isLast = emit(row) === true
    contents.add(slot, false, row)
    if (isLast) this.#close(slot, time)
  }

  #close(slot: number, end: number): void {
    const start = this.#windows.startOf(slot)
    const rows = this.#options.contents.take(slot, { start, end }, (error) => {
      this.#context.rowError(error, end)
    })
    this.#windows.close(slot)
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({ rows, times: rows.map(() => end) })
  }

  #compact(): void {
    this.#options.contents.renumber(this.#windows.compact())
  }
}
