import type { Absorber } from './absorber.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { RecordMaker } from './compiled.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface ProjectOptions {
  readonly record: RecordMaker
  /** Batches are emissions: what becomes of one stays together. */
  readonly perBatch: boolean
}

/** SELECT: makes of each row the one that the sinks get. */
export class Project implements Absorber {
  readonly id: OperatorId
  readonly #record: RecordMaker
  readonly #perBatch: boolean
  readonly #context: OperatorContext
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, { record, perBatch }: ProjectOptions, context: OperatorContext) {
    this.id = id
    this.#record = record
    this.#perBatch = perBatch
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
      this.#made.add(this.#record(row), time)
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
}
