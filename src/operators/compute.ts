import { BatchBuilder } from './batch-builder.ts'
import type { NamedValue } from './groups.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

/** Adds columns to each row, each computed once. */
export class Compute implements Operator {
  readonly id: OperatorId
  readonly #columns: readonly NamedValue[]
  readonly #context: OperatorContext
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, columns: readonly NamedValue[], context: OperatorContext) {
    this.id = id
    this.#columns = columns
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    const { metrics } = this.#context
    metrics.recordsIn += rows.length
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as number
      try {
        this.#made.add(this.#compute(rows[i] as Row), time)
      } catch (error) {
        metrics.recordsOut += this.#made.flush(this.#output)
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

  #compute(row: Row): Row {
    const made: Row = { ...row }
    for (const { value, as } of this.#columns) made[as] = value(row)
    return made
  }
}
