import { RowError } from '#src/expressions/errors.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { Value } from './compiled.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface UnnestOptions {
  readonly value: Value
  readonly as: string
  /** Batches are emissions: what becomes of one stays together. */
  readonly perBatch: boolean
}

/** A row for each element of an array; none for an empty one or for null. */
export class Unnest implements Operator {
  readonly id: OperatorId
  readonly #options: UnnestOptions
  readonly #context: OperatorContext
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, options: UnnestOptions, context: OperatorContext) {
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
    const { perBatch } = this.#options
    const { metrics } = this.#context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      try {
        this.#each(rows[i] as Row, time)
      } catch (error) {
        if (!perBatch) metrics.recordsOut += this.#made.flush(this.#output)
        this.#context.rowError(error, time)
      }
    }
    metrics.recordsOut += this.#made.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): undefined {}

  restore(): void {}

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
