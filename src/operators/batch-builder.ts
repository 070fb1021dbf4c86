import type { Batch, Output, Row } from './operator.ts'

/** Room is made for so many rows at most before they come. */
const MOST_ROOM = 1024

/** Rows on their way out of an operator: collected one by one, sent as a batch. */
export class BatchBuilder {
  #rows: Row[] = []
  #times: number[] = []
  #count = 0

  get length(): number {
    return this.#count
  }

  add(row: Row, time: number): void {
    const at = this.#count++
    this.#rows[at] = row
    this.#times[at] = time
  }

  /**
   * Sends what was added, if anything. Also called before a row error is reported, so that errors and rows leave in
   * stream order, however the stream was cut into batches.
   * @returns how many rows were sent
   */
  flush(output: Output): number {
    const count = this.#count
    if (count === 0) return 0
    const [rows, times] = [this.#rows, this.#times]
    if (rows.length > count) {
      rows.length = count
      times.length = count
    }
    const batch: Batch = { rows, times }
    // The next batch will be about as large.
    const room = Math.min(count, MOST_ROOM)
    this.#rows = new Array(room)
    this.#times = new Array(room)
    this.#count = 0
    output.push(batch)
    return count
  }
}
