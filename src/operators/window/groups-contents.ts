import { GroupCode } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { Groups } from '#src/operators/groups.ts'
import type { Row } from '#src/operators/operator.ts'
import { type BoundColumns, writeBounds } from './bounds.ts'
import type { Contents, Range } from './contents.ts'

/** Groups by dimensions in each window. */
export class GroupsContents implements Contents {
  readonly keepsRows = false
  readonly #columns: GroupColumns
  readonly #code: GroupCode
  readonly #bounds: BoundColumns
  #groups: (Groups | undefined)[] = []

  constructor(columns: GroupColumns, bounds: BoundColumns) {
    this.#columns = columns
    this.#code = new GroupCode(columns)
    this.#bounds = bounds
  }

  add(slot: number, _isNew: boolean, row: Row): void {
    this.#of(slot).add(row)
  }

  take(slot: number, { start, end }: Range, failed: (error: unknown) => void): readonly Row[] {
    const groups = this.#of(slot)
    const rows = groups.rows((row) => writeBounds(row, this.#bounds, start, end), failed)
    this.#groups[slot] = undefined
    return rows
  }

  move(from: number, to: number): void {
    this.#groups[to] = this.#groups[from]
    this.#groups[from] = undefined
  }

  renumber(slots: readonly number[]): void {
    this.#groups = slots.map((slot) => this.#groups[slot])
  }

  snapshot(): unknown {
    return this.#groups.map((groups) => groups?.snapshot())
  }

  restore(state: unknown): void {
    for (const [slot, saved] of (state as unknown[]).entries()) this.#of(slot).restore(saved)
  }

  #of(slot: number): Groups {
    const known = this.#groups[slot]
    if (known !== undefined) return known
    const made = new Groups(this.#columns, this.#code)
    this.#groups[slot] = made
    return made
  }
}
