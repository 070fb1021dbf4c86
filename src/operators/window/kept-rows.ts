import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'

/** Rows in the order of their times, which come at one end and leave at the other. */
export class KeptRows {
  #rows: Row[] = []
  #times: number[] = []
  /** How many at the start have left already. */
  #left = 0

  get size(): number {
    return this.#rows.length - this.#left
  }

  add(row: Row, time: number): void {
    this.#rows.push(row)
    this.#times.push(time)
  }

  /** Drops the rows before that time. */
  dropBefore(time: number): void {
    if (!((this.#times[this.#left] as number) < time)) return
    this.#left = this.#find(time, false)
    this.#tidy()
  }

  /** The rows from that time on. */
  from(time: number): Row[] {
    return this.#rows.slice(this.#find(time, false))
  }

  /** The rows behind that time. */
  after(time: number): Row[] {
    return this.#rows.slice(this.#find(time, true))
  }

  snapshot(): unknown {
    this.#cut()
    return { rows: packColumn(this.#rows), times: packColumn(this.#times) }
  }

  restore(state: unknown): void {
    const { rows, times } = state as { rows: unknown; times: unknown } // what snapshot made
    this.#rows = unpackColumn(rows) as Row[]
    this.#times = unpackColumn(times) as number[]
    this.#left = 0
  }

  /** The first row at that time or later, or the first one later. */
  #find(time: number, isBehind: boolean): number {
    let low = this.#left
    let high = this.#times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.#times[middle] as number
      if (at < time || (isBehind && at === time)) low = middle + 1
      else high = middle
    }
    return low
  }

  #tidy(): void {
    if (this.#left > 1024 ? this.#left * 2 > this.#rows.length : this.size === 0) this.#cut()
  }

  #cut(): void {
    if (this.#left === 0) return
    this.#rows = this.#rows.slice(this.#left)
    this.#times = this.#times.slice(this.#left)
    this.#left = 0
  }
}
