import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type GroupRow, type GroupSlots, groupAdder, groupRow } from './group-code.ts'
import type { GroupColumns } from './group-columns.ts'
import { KeyIndex } from './key-index.ts'
import type { Row } from './operator.ts'

/** What a group holds: the values of its key, an accumulator per call, and what is kept of its first row. */
export interface GroupParts {
  readonly keys: readonly unknown[]
  readonly accumulators: unknown[]
  readonly first: readonly unknown[]
  readonly firstRow: Row | undefined
}

/**
 * Groups of rows and their accumulators, column by column: a key has a slot, and each call an array of accumulators by
 * slot. Rows are not kept.
 */
export class Groups {
  readonly #columns: GroupColumns
  readonly #index: KeyIndex
  readonly #slots: GroupSlots
  readonly #take: (slots: GroupSlots, row: Row) => void
  readonly #row: GroupRow

  /** @param adder of those columns, where many groups share one */
  constructor(columns: GroupColumns, adder = groupAdder(columns)) {
    this.#columns = columns
    this.#index = new KeyIndex(columns.keys.length)
    this.#slots = {
      index: this.#index,
      accumulators: [],
      firsts: [],
      firstRows: [],
      open: (slot, row) => this.#open(slot, row),
    }
    this.#take = adder
    this.#row = groupRow(columns)
    this.clear()
  }

  get size(): number {
    return this.#index.size
  }

  /** Takes a row into its group. When an expression of the row throws, no group has changed. */
  add(row: Row): void {
    this.#take(this.#slots, row)
  }

  /**
   * A row per group, in order of appearance. The groups stay as they are; call `clear` before the next row comes.
   * @param failed told of each group whose result could not be made
   */
  rows(complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const made: Row[] = []
    for (let slot = 0; slot < this.#index.size; slot++) {
      try {
        const row = this.#row(slot, this.#slots)
        complete(row)
        made.push(row)
      } catch (error) {
        failed(error)
      }
    }
    return made
  }

  /** Hands over what each group holds, in order of appearance; call `clear` before the next row comes. */
  hand(over: (group: GroupParts) => void): void {
    const { keys } = this.#columns
    for (let slot = 0; slot < this.#index.size; slot++) {
      over({
        keys: keys.map((_, i) => this.#index.value(slot, i)),
        accumulators: this.#slots.accumulators.map((column) => column[slot]),
        first: this.#slots.firsts.map((column) => column[slot]),
        firstRow: this.#slots.firstRows[slot],
      })
    }
  }

  clear(): void {
    this.#index.clear()
    this.#slots.accumulators = this.#columns.calls.map(() => [])
    this.#slots.firsts = this.#columns.first.map(() => [])
    this.#slots.firstRows = []
  }

  snapshot(): unknown {
    return {
      keys: this.#index.snapshot(),
      accumulators: this.#slots.accumulators.map(packColumn),
      firsts: this.#slots.firsts.map(packColumn),
      firstRows: packColumn(this.#slots.firstRows),
    }
  }

  restore(state: unknown): void {
    const { keys, accumulators, firsts, firstRows } = state as GroupsState // what snapshot made
    this.#index.restore(keys)
    this.#slots.accumulators = accumulators.map(unpackColumn)
    this.#slots.firsts = firsts.map(unpackColumn)
    this.#slots.firstRows = unpackColumn(firstRows) as Row[]
  }

  #open(slot: number, row: Row): void {
    const { first, calls, keepFirst } = this.#columns
    let values: unknown[]
    try {
      if (keepFirst !== undefined) this.#slots.firstRows[slot] = keepFirst(row)
      values = first.map(({ value }) => value(row))
    } catch (error) {
      this.#index.dropNewest()
      if (keepFirst !== undefined) this.#slots.firstRows.length = slot
      throw error
    }
    for (let i = 0; i < values.length; i++) (this.#slots.firsts[i] as unknown[])[slot] = values[i]
    for (let i = 0; i < calls.length; i++) {
      ;(this.#slots.accumulators[i] as unknown[])[slot] = calls[i]?.aggregator.init()
    }
  }
}

interface GroupsState {
  readonly keys: unknown
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
