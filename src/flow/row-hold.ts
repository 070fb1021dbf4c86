import type { Batch, Row } from '#src/operators/operator.ts'
import type { BatchOptions } from '#src/plan/payload-options.ts'

export interface RowHoldOptions extends BatchOptions {
  /** A batch is one emission, which is not taken apart; else each row is one. */
  readonly emitsBatches: boolean
  /** Emissions that leave together. */
  release(parts: readonly Batch[]): void
}

/**
 * Emissions that wait to be sent together: until there are `size` rows, or the oldest has waited for `lingerMs`. It goes
 * by the time of the rows, as windows do, so that a replay makes the same batches.
 */
export class RowHold {
  readonly #options: RowHoldOptions
  #parts: Batch[] = []
  #rows = 0
  #due = Number.POSITIVE_INFINITY

  constructor(options: RowHoldOptions) {
    this.#options = options
  }

  /** When the oldest has waited long enough, ms since the epoch; `Infinity`: it waits for rows only. */
  get dueAt(): number {
    return this.#due
  }

  add(batch: Batch): void {
    const { emitsBatches } = this.#options
    if (emitsBatches) {
      this.#take(batch, batch.empty?.time ?? (batch.times[batch.times.length - 1] as number))
      return
    }
    const { rows, times } = batch
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      this.#take({ rows: [rows[i] as Row], times: [time] }, time)
    }
  }

  /** Nothing older than `time` will come. */
  advance(time: number): void {
    if (time >= this.#due || time === Number.POSITIVE_INFINITY) this.flush()
  }

  flush(): void {
    const parts = this.#parts
    this.#parts = []
    this.#rows = 0
    this.#due = Number.POSITIVE_INFINITY
    if (parts.length > 0) this.#options.release(parts)
  }

  /** @param isCut whoever goes on from this lets it leave before anything else */
  snapshot(isCut = false): unknown {
    if (this.#parts.length === 0) return undefined
    return { parts: this.#parts, due: isCut ? Number.NEGATIVE_INFINITY : this.#due }
  }

  restore(state: unknown): void {
    const { parts, due } = state as { parts: Batch[]; due: number }
    this.#parts = [...parts]
    this.#rows = parts.reduce((sum, { rows }) => sum + rows.length, 0)
    this.#due = due
  }

  #take(part: Batch, time: number): void {
    const { size, lingerMs } = this.#options
    if (time >= this.#due) this.flush()
    if (this.#parts.length === 0 && lingerMs > 0) this.#due = time + lingerMs
    this.#parts.push(part)
    this.#rows += part.rows.length
    if (size > 0 && this.#rows >= size) this.flush()
  }
}
