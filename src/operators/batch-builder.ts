import type { Batch, Output, Row } from './operator.ts'

/** Rows on their way out of an operator: collected one by one, sent as a batch. */
export class BatchBuilder {
  #rows: Row[] = []
  #times: number[] = []

  get length(): number {
    return this.#rows.length
  }

  add(row: Row, time: number): void {
    this.#rows.push(row)
    this.#times.push(time)
  }

  /**
   * Sends what was added, if anything. Also called before a row error is reported, so that errors and rows leave in
   * stream order, however the stream was cut into batches.
   * @returns how many rows were sent
   */
  flush(output: Output): number {
    const count = this.#rows.length
    if (count === 0) return 0
    const batch: Batch = { rows: this.#rows, times: this.#times }
    this.#rows = []
    this.#times = []
    output.push(batch)
    return count
  }
}
