import { BatchBuilder } from './batch-builder.ts'
import type { Predicate } from './compiled.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

/** The hidden columns: how many passed before, and when the last did (ms since the epoch; 0: none yet). */
export interface HitColumns {
  readonly count: string
  readonly time: string
}

export interface HitOptions {
  readonly predicate?: Predicate | undefined
  readonly columns: HitColumns
  /** Counts emissions of which a row passed, not rows. */
  readonly perBatch: boolean
}

/** WHERE or HAVING that knows how often it was true before. */
export class Hit implements Operator {
  readonly id: OperatorId
  readonly #options: HitOptions
  readonly #context: OperatorContext
  readonly #kept = new BatchBuilder()
  #output: Output = unlinked
  #count = 0
  #time = 0

  constructor(id: OperatorId, options: HitOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    if (batch.empty !== undefined) {
      this.#output.push(batch)
      return
    }
    const { rows, times } = batch
    const { predicate, perBatch } = this.#options
    const { metrics } = this.#context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = this.#stamped(rows[i] as Row)
      const time = times[i] as number
      try {
        if (predicate !== undefined && predicate(row) !== true) continue
        this.#kept.add(row, time)
        if (!perBatch) this.#hit(time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#kept.flush(this.#output)
        this.#context.rowError(error, time)
      }
    }
    if (perBatch && this.#kept.length > 0) this.#hit(times[times.length - 1] as number)
    metrics.recordsOut += this.#kept.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return { count: this.#count, time: this.#time }
  }

  restore(state: unknown): void {
    const { count, time } = state as { count: number; time: number } // what snapshot made
    this.#count = count
    this.#time = time
  }

  #stamped(row: Row): Row {
    const { count, time } = this.#options.columns
    return { ...row, [count]: this.#count, [time]: this.#time }
  }

  #hit(time: number): void {
    this.#count++
    this.#time = time
  }
}
