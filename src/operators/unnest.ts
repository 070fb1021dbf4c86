import { RowError } from '#src/expressions/errors.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { Value } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { Step } from './step.ts'

export interface UnnestOptions {
  readonly value: Value
  readonly as: string
  /** Batches are emissions: what becomes of one stays together. */
  readonly perBatch: boolean
}

/** A row for each element of an array; none for an empty one or for null. */
export class Unnest extends Step {
  readonly #options: UnnestOptions
  readonly #made = new BatchBuilder()

  constructor(id: OperatorId, options: UnnestOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take({ rows, times }: Batch): void {
    const { perBatch } = this.#options
    const { metrics } = this.context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      try {
        this.#each(rows[i] as Row, time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#made.flush(this.output)
        this.context.rowError(error, time)
      }
    }
    metrics.recordsOut += this.#made.flush(this.output)
  }

  #each(row: Row, time: number): void {
    const { value, as } = this.#options
    const array = value(row)
    if (array === null || array === undefined) return
    if (!Array.isArray(array)) {
      const message = 'the argument for the unnest function should be array'
      throw new RowError('invalid-operation', message)
    }
    for (const element of array) this.#made.add({ ...row, [as]: element }, time)
  }
}
