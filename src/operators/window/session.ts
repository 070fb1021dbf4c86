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
import { OpenWindows, type OpenWindowsOptions } from './open-windows.ts'
import { SlotList } from './slot-list.ts'

export interface SessionWindowOptions extends OpenWindowsOptions {
  readonly maxMs: number
  readonly timeoutMs: number
  readonly filter?: Predicate | undefined
}

interface State {
  readonly windows: unknown
  readonly lasts: unknown
  readonly idle: unknown
  readonly opened: unknown
  readonly contents: unknown
}

/**
 * A session ends when no row came for `timeoutMs`, that moment not included; or at the first multiple of `maxMs` at which
 * it is `maxMs` old. Both are the same for all sessions, so the next one to end stands first in one of two lists: by the
 * last row, or by the first.
 */
export class SessionWindow implements Operator {
  readonly id: OperatorId
  /** Missing where rows are kept. */
  readonly absorb: ((row: Row, time: number) => void) | undefined
  readonly #options: SessionWindowOptions
  readonly #context: OperatorContext
  readonly #windows: OpenWindows
  /** When the last row came, by slot. */
  #lasts: number[] = []
  readonly #idle = new SlotList()
  readonly #opened = new SlotList()
  /** No session ends before. */
  #due = Number.POSITIVE_INFINITY
  #output: Output = unlinked

  constructor(id: OperatorId, options: SessionWindowOptions, context: OperatorContext) {
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
    if (time >= this.#due) this.#closeUntil(time)
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Math.min(this.#idleEnd(), this.#maxEnd())
  }

  snapshot(): State | undefined {
    if (this.#windows.size === 0) return undefined
    if (!this.#windows.isDense) this.#compact()
    return {
      windows: this.#windows.snapshot(),
      lasts: packColumn(this.#lasts),
      idle: packColumn(this.#idle.slots()),
      opened: packColumn(this.#opened.slots()),
      contents: this.#options.contents.snapshot(),
    }
  }

  restore(state: unknown): void {
    const { windows, lasts, idle, opened, contents } = state as State // what snapshot made
    this.#windows.restore(windows)
    this.#lasts = unpackColumn(lasts) as number[]
    this.#idle.set(unpackColumn(idle) as number[])
    this.#opened.set(unpackColumn(opened) as number[])
    this.#options.contents.restore(contents)
    this.#due = this.wakeAt()
  }

  #take(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    if (time >= this.#due) this.#closeUntil(time)
    const { filter, contents } = this.#options
    try {
      if (filter !== undefined && filter(row) !== true) return
      const slot = this.#windows.slotOf(row)
      const isNew = !this.#windows.isOpen(slot)
      contents.add(slot, isNew, row)
      if (isNew) this.#open(slot, time)
      else this.#idle.moveToEnd(slot)
      this.#lasts[slot] = time
    } catch (error) {
      this.#context.rowError(error, time)
    }
  }

  #open(slot: number, time: number): void {
    this.#windows.open(slot, time)
    this.#opened.append(slot)
    this.#idle.append(slot)
    while (this.#lasts.length < slot) this.#lasts.push(0)
    this.#due = Math.min(this.#due, time + this.#options.timeoutMs, this.#lastEnd(time))
  }

  /** Closes the sessions that end until then, in the order of their ends. */
  #closeUntil(time: number): void {
    let idleEnd = this.#idleEnd()
    let maxEnd = this.#maxEnd()
    while (Math.min(idleEnd, maxEnd) <= time && this.#windows.size > 0) {
      if (maxEnd <= idleEnd) this.#close(this.#opened.first, maxEnd)
      else this.#close(this.#idle.first, idleEnd)
      idleEnd = this.#idleEnd()
      maxEnd = this.#maxEnd()
    }
    this.#due = Math.min(idleEnd, maxEnd)
    if (this.#windows.isSparse) this.#compact()
  }

  #close(slot: number, end: number): void {
    this.#idle.remove(slot)
    this.#opened.remove(slot)
    this.#windows.close(slot, end)
  }

  #idleEnd(): number {
    const { first } = this.#idle
    if (first < 0) return Number.POSITIVE_INFINITY
    return (this.#lasts[first] as number) + this.#options.timeoutMs
  }

  #maxEnd(): number {
    const { first } = this.#opened
    if (first < 0) return Number.POSITIVE_INFINITY
    return this.#lastEnd(this.#windows.startOf(first))
  }

  /** When a session that started then ends, whatever comes. */
  #lastEnd(start: number): number {
    const { maxMs } = this.#options
    return Math.ceil((start + maxMs) / maxMs) * maxMs
  }

  #compact(): void {
    const slots = this.#windows.compact()
    const numbers = new Map(slots.map((slot, i) => [slot, i]))
    const renumbered = (list: SlotList) => list.slots().map((slot) => numbers.get(slot) as number)
    this.#idle.set(renumbered(this.#idle))
    this.#opened.set(renumbered(this.#opened))
    this.#lasts = slots.map((slot) => this.#lasts[slot] as number)
  }
}
