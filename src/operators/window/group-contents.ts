import type { Cells } from '#src/operators/cells.ts'
import { GroupCode, type GroupFunctions, type GroupSlots } from '#src/operators/group-code.ts'
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
  readonly #held: Cells<GroupFunctions>
  readonly #slots: GroupSlots
  #firsts: unknown[][]
  #firstRows: Row[] = []

  constructor({ keys, ...columns }: GroupColumns, bounds: BoundColumns) {
    // The values of the dimensions are those of the first row.
    this.#columns = { ...columns, keys: [], first: [...keys, ...columns.first] }
    this.#bounds = bounds
    this.#held = new GroupCode(this.#columns).cells()
    this.#firsts = this.#columns.first.map(() => [])
    this.#slots = {
      index: new KeyIndex(0),
      held: this.#held,
      open: (slot, row) => this.#open(slot, row),
    }
  }

  add(slot: number, isNew: boolean, row: Row): void {
    while (!this.#held.functions.addTo(this.#slots, slot, isNew, row));
  }

  take(slot: number, { start, end }: Range, failed: (error: unknown) => void): readonly Row[] {
    const { boxed, numbers, functions } = this.#held
    const { index } = this.#slots
    const [firsts, firstRows] = [this.#firsts, this.#firstRows]
    let rows: readonly Row[] = []
    try {
      const row = functions.row(slot, { index, boxed, numbers, firsts, firstRows })
      writeBounds(row, this.#bounds, start, end)
      rows = [row]
    } catch (error) {
      failed(error)
    }
    this.#held.drop(slot)
    for (const column of firsts) column[slot] = null
    if (this.#columns.keepFirst !== undefined) firstRows[slot] = {}
    return rows
  }

  move(from: number, to: number): void {
    this.#held.move(from, to)
    for (const column of this.#firsts) column[to] = column[from]
    if (this.#columns.keepFirst !== undefined) this.#firstRows[to] = this.#firstRows[from] ?? {}
  }

  renumber(slots: readonly number[]): void {
    this.#held.renumber(slots)
    this.#firsts = this.#firsts.map((column) => slots.map((slot) => column[slot]))
    if (this.#columns.keepFirst === undefined) return
    this.#firstRows = slots.map((slot) => this.#firstRows[slot] ?? {})
  }

  snapshot(): unknown {
    return {
      accumulators: this.#held.snapshot(),
      firsts: this.#firsts.map(packColumn),
      firstRows: packColumn(this.#firstRows),
    }
  }

  restore(state: unknown): void {
    const { accumulators, firsts, firstRows } = state as Saved // what snapshot made
    this.#held.restore(accumulators)
    this.#firsts = firsts.map(unpackColumn)
    this.#firstRows = unpackColumn(firstRows) as Row[]
  }

  #open(slot: number, row: Row): void {
    const { first, keepFirst } = this.#columns
    const values = first.map(({ value }) => value(row))
    if (keepFirst !== undefined) this.#firstRows[slot] = keepFirst(row)
    for (let i = 0; i < values.length; i++) (this.#firsts[i] as unknown[])[slot] = values[i]
    this.#held.open(slot)
  }
}

interface Saved {
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
