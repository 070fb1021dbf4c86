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

/** WHERE and HAVING: passes the rows for which the predicate is true; false and null (unknown) are dropped. */
export class Filter implements Operator {
  readonly id: OperatorId
  readonly #predicate: Predicate
  readonly #context: OperatorContext
  readonly #kept = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, predicate: Predicate, context: OperatorContext) {
    this.id = id
    this.#predicate = predicate
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
    const { rows, times } = batch
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as (typeof rows)[number]
      const time = times[i] as number
      try {
        if (this.#predicate(row) === true) this.#kept.add(row, time)
      } catch (error) {
        metrics.recordsOut += this.#kept.flush(this.#output)
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
