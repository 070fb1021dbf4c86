import type { Cells } from '#src/operators/cells.ts'
import type { Value } from '#src/operators/compiled.ts'
import { GroupCode, type GroupFunctions, type GroupSlots } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type BoundColumns, writeBounds } from './bounds.ts'
import type { Contents, Range } from './contents.ts'

/** The groups of one window: their keys, and where in the columns they stand. */
interface Window {
  readonly index: KeyIndex
  readonly entries: number[]
}

/** So many places of groups that are gone are no reason to number the others anew. */
const FEW_FREE = 1024

/** Groups by dimensions in each window. Those of all windows stand side by side, in columns. */
export class GroupsContents implements Contents {
  readonly keepsRows = false
  /** 2: the groups of all windows in columns. */
  readonly stateVersion = 2
  readonly #keys: readonly Value[]
  readonly #columns: GroupColumns
  readonly #bounds: BoundColumns
  readonly #held: Cells<GroupFunctions>
  readonly #slots: GroupSlots
  #windows: (Window | undefined)[] = []
  #firsts: unknown[][]
  #firstRows: Row[] = []
  #free: number[] = []
  #made = 0
  /** Of the group that is being opened. */
  #key: readonly unknown[] = []

  constructor({ keys, ...columns }: GroupColumns, bounds: BoundColumns) {
    this.#keys = keys.map(({ value }) => value)
    this.#columns = { ...columns, keys: [], first: [...keys, ...columns.first] }
    this.#bounds = bounds
    this.#held = new GroupCode(this.#columns).cells()
    this.#firsts = this.#columns.first.map(() => [])
    this.#slots = {
      index: new KeyIndex(0),
      held: this.#held,
      open: (entry, row) => this.#open(entry, row),
    }
  }

  add(slot: number, _isNew: boolean, row: Row): void {
    const { index, entries } = this.#of(slot)
    this.#key = this.#keys.map((value) => value(row))
    const known = index.size
    const at = index.slot(this.#key)
    const isNew = at === known
    const entry = isNew ? this.#take() : (entries[at] as number)
    try {
      while (!this.#held.functions.addTo(this.#slots, entry, isNew, row));
      if (isNew) entries.push(entry)
    } catch (error) {
      if (isNew) {
        index.dropNewest()
        this.#release(entry)
      }
      throw error
    }
  }

  take(slot: number, { start, end }: Range, failed: (error: unknown) => void): readonly Row[] {
    const { boxed, numbers, functions } = this.#held
    const { index } = this.#slots
    const parts = { index, boxed, numbers, firsts: this.#firsts, firstRows: this.#firstRows }
    const rows: Row[] = []
    for (const entry of this.#windows[slot]?.entries ?? []) {
      try {
        const row = functions.row(entry, parts)
        writeBounds(row, this.#bounds, start, end)
        rows.push(row)
      } catch (error) {
        failed(error)
      }
      this.#release(entry)
    }
    this.#windows[slot] = undefined
    return rows
  }

  move(from: number, to: number): void {
    this.#windows[to] = this.#windows[from]
    this.#windows[from] = undefined
  }

  renumber(slots: readonly number[]): void {
    this.#windows = slots.map((slot) => this.#windows[slot])
    if (this.#free.length < FEW_FREE || this.#free.length * 2 < this.#made) return
    const order = this.#order()
    this.#held.renumber(Array.from(order))
    this.#firsts = this.#firsts.map((column) => picked(column, order))
    if (this.#columns.keepFirst !== undefined) {
      this.#firstRows = picked(this.#firstRows, order) as Row[]
    }
    let next = 0
    for (const window of this.#windows) {
      const entries = window?.entries ?? []
      for (let i = 0; i < entries.length; i++) entries[i] = next++
    }
    this.#free = []
    this.#made = next
  }

  snapshot(): unknown {
    const order = this.#order()
    return {
      counts: packColumn(Array.from(this.#windows, (window) => window?.entries.length ?? 0)),
      accumulators: this.#held.snapshot(order),
      firsts: this.#firsts.map((column) => packColumn(picked(column, order))),
      firstRows: this.#columns.keepFirst && packColumn(picked(this.#firstRows, order)),
    }
  }

  restore(state: unknown): void {
    const { counts, accumulators, firsts, firstRows } = state as Saved // what snapshot made
    this.#held.restore(accumulators)
    this.#firsts = firsts.map(unpackColumn)
    if (firstRows !== undefined) this.#firstRows = unpackColumn(firstRows) as Row[]
    for (const [slot, count] of (unpackColumn(counts) as number[]).entries()) {
      const { index, entries } = this.#of(slot)
      for (let i = 0; i < count; i++) {
        const entry = this.#made++
        index.slot(this.#keys.map((_, position) => this.#firsts[position]?.[entry]))
        entries.push(entry)
      }
    }
  }

  #of(slot: number): Window {
    const known = this.#windows[slot]
    if (known !== undefined) return known
    const made: Window = { index: new KeyIndex(this.#keys.length), entries: [] }
    this.#windows[slot] = made
    return made
  }

  #take(): number {
    return this.#free.pop() ?? this.#made++
  }

  #release(entry: number): void {
    this.#free.push(entry)
    this.#held.drop(entry)
    for (const column of this.#firsts) column[entry] = null
    if (this.#columns.keepFirst !== undefined) this.#firstRows[entry] = {}
  }

  #open(entry: number, row: Row): void {
    const { first, keepFirst } = this.#columns
    const key = this.#key
    const values = first.map(({ value }, i) => (i < key.length ? key[i] : value(row)))
    if (keepFirst !== undefined) this.#firstRows[entry] = keepFirst(row)
    for (let i = 0; i < values.length; i++) (this.#firsts[i] as unknown[])[entry] = values[i]
    this.#held.open(entry)
  }

  /** The entries of all windows. */
  #order(): Int32Array {
    return Int32Array.from(this.#windows.flatMap((window) => window?.entries ?? []))
  }
}

function picked(column: readonly unknown[], order: Int32Array): unknown[] {
  return Array.from(order, (entry) => column[entry])
}

interface Saved {
  readonly counts: unknown
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
