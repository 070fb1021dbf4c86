import { BatchBuilder } from './batch-builder.ts'
import type { Predicate } from './compiled.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  unlinked,
} from './operator.ts'

export interface FilterOptions {
  readonly predicate: Predicate
  /** Batches are emissions: what is left of one stays together. */
  readonly perBatch: boolean
}

/** WHERE and HAVING: passes the rows for which the predicate is true; false and null (unknown) are dropped. */
export class Filter implements Operator {
  readonly id: OperatorId
  readonly #options: FilterOptions
  readonly #context: OperatorContext
  readonly #kept = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, options: FilterOptions, context: OperatorContext) {
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
    const { metrics } = this.#context
    const { predicate, perBatch } = this.#options
    const { rows, times } = batch
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as (typeof rows)[number]
      const time = times[i] as number
      try {
        if (predicate(row) === true) this.#kept.add(row, time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#kept.flush(this.#output)
        this.#context.rowError(error, time)
      }
    }
    metrics.recordsOut += this.#kept.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): undefined {}

  restore(): void {}
}
