import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type BoundColumns, withBounds } from './bounds.ts'
import type { Contents, Range } from './contents.ts'

/** The rows themselves. */
export class RowContents implements Contents {
  readonly keepsRows = true
  readonly #bounds: BoundColumns
  #rows: Row[][] = []

  constructor(bounds: BoundColumns) {
    this.#bounds = bounds
  }

  add(slot: number, isNew: boolean, row: Row): void {
    if (isNew) this.#rows[slot] = [row]
    else this.#rows[slot]?.push(row)
  }

  take(slot: number, { start, end }: Range): readonly Row[] {
    const rows = this.#rows[slot] ?? []
    this.#rows[slot] = []
    return withBounds(rows, this.#bounds, start, end)
  }

  move(from: number, to: number): void {
    this.#rows[to] = this.#rows[from] ?? []
    this.#rows[from] = []
  }

  renumber(slots: readonly number[]): void {
    this.#rows = slots.map((slot) => this.#rows[slot] ?? [])
  }

  snapshot(): unknown {
    return {
      counts: packColumn(this.#rows.map(({ length }) => length)),
      rows: packColumn(this.#rows.flat()),
    }
  }

  restore(state: unknown): void {
    const { counts, rows } = state as { counts: unknown; rows: unknown } // what snapshot made
    const all = unpackColumn(rows) as Row[]
    let at = 0
    this.#rows = (unpackColumn(counts) as number[]).map((count) => {
      at += count
      return all.slice(at - count, at)
    })
  }
}
