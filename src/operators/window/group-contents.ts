import { type GroupRow, groupRow, type SlotAdder, slotAdder } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type BoundColumns, writeBounds } from './bounds.ts'
import type { Contents, Range } from './contents.ts'

/**
 * One group per window, in columns: for windows without dimensions, and where the dimensions are among what the windows
 * are partitioned by, so that all rows of a window agree in them.
 */
export class GroupContents implements Contents {
  readonly keepsRows = false
  readonly #columns: GroupColumns
  readonly #bounds: BoundColumns
  readonly #add: SlotAdder
  readonly #row: GroupRow
  readonly #slots: {
    readonly index: KeyIndex
    accumulators: unknown[][]
    firsts: unknown[][]
    firstRows: Row[]
    open(slot: number, row: Row): void
  }

  constructor({ keys, ...columns }: GroupColumns, bounds: BoundColumns) {
    // The values of the dimensions are those of the first row.
    this.#columns = { ...columns, keys: [], first: [...keys, ...columns.first] }
    this.#bounds = bounds
    this.#add = slotAdder(this.#columns)
    this.#row = groupRow(this.#columns)
    this.#slots = {
      index: new KeyIndex(0),
      accumulators: this.#columns.calls.map(() => []),
      firsts: this.#columns.first.map(() => []),
      firstRows: [],
      open: (slot, row) => this.#open(slot, row),
    }
  }

  add(slot: number, isNew: boolean, row: Row): void {
    this.#add(this.#slots, slot, isNew, row)
  }

  take(slot: number, { start, end }: Range, failed: (error: unknown) => void): readonly Row[] {
    const { accumulators, firsts, firstRows } = this.#slots
    let rows: readonly Row[] = []
    try {
      const row = this.#row(slot, this.#slots)
      writeBounds(row, this.#bounds, start, end)
      rows = [row]
    } catch (error) {
      failed(error)
    }
    for (const column of accumulators) column[slot] = null
    for (const column of firsts) column[slot] = null
    if (this.#columns.keepFirst !== undefined) firstRows[slot] = {}
    return rows
  }

  move(from: number, to: number): void {
    const { accumulators, firsts, firstRows } = this.#slots
    for (const column of accumulators) column[to] = column[from]
    for (const column of firsts) column[to] = column[from]
    if (this.#columns.keepFirst !== undefined) firstRows[to] = firstRows[from] ?? {}
  }

  renumber(slots: readonly number[]): void {
    const own = this.#slots
    own.accumulators = own.accumulators.map((column) => slots.map((slot) => column[slot]))
    own.firsts = own.firsts.map((column) => slots.map((slot) => column[slot]))
    if (this.#columns.keepFirst === undefined) return
    own.firstRows = slots.map((slot) => own.firstRows[slot] ?? {})
  }

  snapshot(): unknown {
    const { accumulators, firsts, firstRows } = this.#slots
    return {
      accumulators: accumulators.map(packColumn),
      firsts: firsts.map(packColumn),
      firstRows: packColumn(firstRows),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    this.#slots.accumulators = saved.accumulators.map(unpackColumn)
    this.#slots.firsts = saved.firsts.map(unpackColumn)
    this.#slots.firstRows = unpackColumn(saved.firstRows) as Row[]
  }

  #open(slot: number, row: Row): void {
    const { calls, first, keepFirst } = this.#columns
    const { accumulators, firsts, firstRows } = this.#slots
    const values = first.map(({ value }) => value(row))
    if (keepFirst !== undefined) firstRows[slot] = keepFirst(row)
    for (let i = 0; i < values.length; i++) (firsts[i] as unknown[])[slot] = values[i]
    for (let i = 0; i < calls.length; i++) {
      ;(accumulators[i] as unknown[])[slot] = calls[i]?.aggregator.init()
    }
  }
}

interface Saved {
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
