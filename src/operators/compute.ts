import type { Absorber } from './absorber.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { RecordMaker } from './compiled.ts'
import type { NamedValue } from './group-columns.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface ComputeOptions {
  readonly columns: readonly NamedValue[]
  /** Makes a row of its own from the one given, with room for the columns to come. @default a copy */
  readonly copy?: RecordMaker | undefined
  /** Batches are emissions: what becomes of one stays together. @default false */
  readonly perBatch?: boolean | undefined
}

/** Adds columns to each row, each computed once. */
export class Compute implements Absorber {
  readonly id: OperatorId
  readonly #columns: readonly NamedValue[]
  readonly #perBatch: boolean
  readonly #context: OperatorContext
  readonly #copy: RecordMaker
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(
    id: OperatorId,
    { columns, copy = (row) => ({ ...row }), perBatch = false }: ComputeOptions,
    context: OperatorContext,
  ) {
    this.id = id
    this.#columns = columns
    this.#perBatch = perBatch
    this.#copy = copy
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
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
    this.settle()
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    try {
      this.#made.add(this.#compute(row), time)
    } catch (error) {
      if (!this.#perBatch) this.settle()
      this.#context.rowError(error, time)
    }
  }

  settle(): void {
    this.#context.metrics.recordsOut += this.#made.flush(this.#output)
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
    const made = this.#copy(row)
    for (const { value, as } of this.#columns) made[as] = value(row)
    return made
  }
}
