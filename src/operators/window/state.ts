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
import { OpenWindows, type OpenWindowsOptions } from './open-windows.ts'

export interface StateWindowOptions extends OpenWindowsOptions {
  readonly begin: Predicate
  /** Missing: a window ends where the next one begins. */
  readonly emit?: Predicate | undefined
  readonly filter?: Predicate | undefined
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
    this.#windows = new OpenWindows(options, context)
    if (!options.contents.keepsRows) this.absorb = (row, time) => this.#take(row, time)
  }

  get stateVersion(): number | undefined {
    return this.#options.contents.stateVersion
  }

  link(output: Output): void {
    this.#output = output
    this.#windows.link(output)
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
    this.#windows.compact()
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
    if (this.#windows.isSparse) this.#windows.compact()
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
        this.#windows.close(slot, time)
        contents.move(this.#windows.spare, slot)
        this.#windows.open(slot, time)
      } else contents.add(slot, false, row)
      return
    }
    const isLast = emit(row) === true
    contents.add(slot, false, row)
    if (isLast) this.#windows.close(slot, time)
  }
}
