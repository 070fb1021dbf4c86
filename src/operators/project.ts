import type { Absorber } from './absorber.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { RecordMaker } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { Step } from './step.ts'

export interface ProjectOptions {
  readonly record: RecordMaker
  /** Batches are emissions: what becomes of one stays together. */
  readonly perBatch: boolean
}

/** Makes another row of each: SELECT that which the sinks get, a computation one with more columns. */
export class Project extends Step implements Absorber {
  readonly #record: RecordMaker
  readonly #perBatch: boolean
  readonly #made = new BatchBuilder()

  constructor(id: OperatorId, { record, perBatch }: ProjectOptions, context: OperatorContext) {
    super(id, context)
    this.#record = record
    this.#perBatch = perBatch
  }

  protected override take({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
    this.settle()
  }

  absorb(row: Row, time: number): void {
    this.context.metrics.recordsIn++
    try {
      this.#made.add(this.#record(row), time)
    } catch (error) {
      if (!this.#perBatch) this.settle()
      this.context.rowError(error, time)
    }
  }

  settle(): void {
    this.context.metrics.recordsOut += this.#made.flush(this.output)
  }
}
