import { EngineError } from '#src/errors.ts'
import type { Intake } from './intake.ts'
import { MergedRows, type MergedSources } from './merged-rows.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

export interface MergeOptions extends MergedSources {
  readonly batchRows: number
}

/**
 * Merges the rows of several sources by (time, source, sequence). A row goes on only when every source has passed its
 * time, so that the order is the same however the sources were read.
 */
export class Merge implements Intake {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #most: number
  readonly #rows: MergedRows
  #output: Output = unlinked

  constructor(id: OperatorId, options: MergeOptions, context: OperatorContext) {
    this.id = id
    this.#most = options.batchRows
    this.#rows = new MergedRows(options)
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  take(source: number, row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    this.#rows.add(row, time, source)
  }

  see(): void {}

  settle(): void {}

  reach(source: number, time: number): void {
    this.#rows.reach(source, time)
    this.#release()
  }

  push(_batch: Batch): void {
    throw new EngineError('bad-plan', `${this.id}: rows of several sources are merged one by one`)
  }

  advance(_time: number): void {
    this.#release()
  }

  wakeAt(): number {
    return this.#rows.wakeAt()
  }

  snapshot(): unknown {
    return this.#rows.snapshot()
  }

  restore(state: unknown): void {
    this.#rows.restore(state)
  }

  #release(): void {
    const { bound } = this.#rows
    this.#context.metrics.recordsOut += this.#rows.release(this.#most, this.#output)
    if (bound !== Number.NEGATIVE_INFINITY) this.#output.advance(bound)
  }
}
