import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { Cells } from './cells.ts'
import { GroupCode, type GroupFunctions, type GroupSlots } from './group-code.ts'
import type { GroupColumns } from './group-columns.ts'
import { KeyIndex } from './key-index.ts'
import type { Row } from './operator.ts'

/** The keys of groups, their accumulators, and what is kept of their first rows. */
export interface GroupContents {
  readonly index: KeyIndex
  readonly held: Cells<GroupFunctions>
  readonly firsts: readonly (readonly unknown[])[]
  readonly firstRows: readonly Row[]
}

/**
 * Groups of rows and their accumulators by slot of their key. Rows are not kept.
 */
export class Groups {
  readonly #columns: GroupColumns
  readonly #index: KeyIndex
  readonly #held: Cells<GroupFunctions>
  readonly #slots: GroupSlots
  #firsts: unknown[][] = []
  #firstRows: Row[] = []

  constructor(columns: GroupColumns) {
    this.#columns = columns
    this.#index = new KeyIndex(columns.keys.length)
    this.#held = new GroupCode(columns).cells()
    this.#slots = {
      index: this.#index,
      held: this.#held,
      open: (slot, row) => this.#open(slot, row),
    }
    this.clear()
  }

  get size(): number {
    return this.#index.size
  }

  /** Takes a row into its group. When an expression of the row throws, no group has changed. */
  add(row: Row): void {
    while (!this.#held.functions.add(this.#slots, row));
  }

  /**
   * A row per group, in order of appearance. The groups stay as they are; call `clear` before the next row comes.
   * @param failed told of each group whose result could not be made
   */
  rows(complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const made: Row[] = []
    const { boxed, numbers, functions } = this.#held
    const index = this.#index
    const parts = { index, boxed, numbers, firsts: this.#firsts, firstRows: this.#firstRows }
    for (let slot = 0; slot < index.size; slot++) {
      try {
        const row = functions.row(slot, parts)
        complete(row)
        made.push(row)
      } catch (error) {
        failed(error)
      }
    }
    return made
  }

  /** What the groups hold, by slot; call `clear` before the next row comes when it was taken. */
  get contents(): GroupContents {
    return {
      index: this.#index,
      held: this.#held,
      firsts: this.#firsts,
      firstRows: this.#firstRows,
    }
  }

  clear(): void {
    this.#index.clear()
    this.#held.clear()
    this.#firsts = this.#columns.first.map(() => [])
    this.#firstRows = []
  }

  snapshot(): unknown {
    return {
      keys: this.#index.snapshot(),
      accumulators: this.#held.snapshot(),
      firsts: this.#firsts.map(packColumn),
      firstRows: packColumn(this.#firstRows),
    }
  }

  restore(state: unknown): void {
    const { keys, accumulators, firsts, firstRows } = state as GroupsState // what snapshot made
    this.#index.restore(keys)
    this.#held.restore(accumulators)
    this.#firsts = firsts.map(unpackColumn)
    this.#firstRows = unpackColumn(firstRows) as Row[]
  }

  #open(slot: number, row: Row): void {
    const { first, keepFirst } = this.#columns
    let values: unknown[]
    try {
      if (keepFirst !== undefined) this.#firstRows[slot] = keepFirst(row)
      values = first.map(({ value }) => value(row))
    } catch (error) {
      this.#index.dropNewest()
      if (keepFirst !== undefined) this.#firstRows.length = slot
      throw error
    }
    for (let i = 0; i < values.length; i++) (this.#firsts[i] as unknown[])[slot] = values[i]
    this.#held.open(slot)
  }
}

interface GroupsState {
  readonly keys: unknown
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
