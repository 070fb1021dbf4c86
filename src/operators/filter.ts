import { BatchBuilder } from './batch-builder.ts'
import type { Predicate } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId } from './operator.ts'
import { Step } from './step.ts'

export interface FilterOptions {
  readonly predicate: Predicate
  /** Batches are emissions: what is left of one stays together. */
  readonly perBatch: boolean
}

/** WHERE and HAVING: passes the rows for which the predicate is true; false and null (unknown) are dropped. */
export class Filter extends Step {
  readonly #options: FilterOptions
  readonly #kept = new BatchBuilder()

  constructor(id: OperatorId, options: FilterOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take({ rows, times }: Batch): void {
    const { metrics } = this.context
    const { predicate, perBatch } = this.#options
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as (typeof rows)[number]
      const time = times[i] as number
      try {
        if (predicate(row) === true) this.#kept.add(row, time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#kept.flush(this.output)
        this.context.rowError(error, time)
      }
    }
    metrics.recordsOut += this.#kept.flush(this.output)
  }
}
