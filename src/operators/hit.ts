import { BatchBuilder } from './batch-builder.ts'
import type { Predicate } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { Step } from './step.ts'

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
export class Hit extends Step {
  readonly #options: HitOptions
  readonly #kept = new BatchBuilder()
  #count = 0
  #time = 0

  constructor(id: OperatorId, options: HitOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take({ rows, times }: Batch): void {
    const { predicate, perBatch } = this.#options
    const { metrics } = this.context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = this.#stamped(rows[i] as Row)
      const time = times[i] as number
      try {
        if (predicate !== undefined && predicate(row) !== true) continue
        this.#kept.add(row, time)
        if (!perBatch) this.#hit(time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#kept.flush(this.output)
        this.context.rowError(error, time)
      }
    }
    if (perBatch && this.#kept.length > 0) this.#hit(times[times.length - 1] as number)
    metrics.recordsOut += this.#kept.flush(this.output)
  }

  override snapshot(): unknown {
    return { count: this.#count, time: this.#time }
  }

  override restore(state: unknown): void {
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
