import { type Absorber, isAbsorber } from './absorber.ts'
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
import type { AnalyticColumn } from './partition-code.ts'
import { PartitionState, type SavedPartition } from './partition-state.ts'

export type { AnalyticColumn } from './partition-code.ts'

export interface AnalyticOptions {
  readonly columns: readonly AnalyticColumn[]
  /** A partition that had no row for so long, by the rows' times, is forgotten; 0: never. */
  readonly expiryMs: number
  /** Makes a row of its own from the one given, with room for the columns to come. @default a copy */
  readonly copy?: RecordMaker | undefined
  /** Writes the row given into one that is used again and again; set where `copy` is. */
  readonly fill?: ((made: Row, row: Row) => void) | undefined
  /** Batches are emissions: what becomes of one stays together. @default false */
  readonly perBatch?: boolean | undefined
}

/** Evaluates analytic functions (lag, acc_sum, …) in stream order: one state per call and partition. */
export class Analytic implements Absorber {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #partitions: readonly PartitionState[]
  readonly #copy: RecordMaker
  readonly #made = new BatchBuilder()
  readonly #fill: AnalyticOptions['fill']
  readonly #perBatch: boolean
  readonly #scratch: Row = {}
  #output: Output = unlinked
  /** The output, where it takes rows without keeping them: then these are never built. */
  #absorber: Absorber | undefined

  constructor(id: OperatorId, options: AnalyticOptions, context: OperatorContext) {
    const { columns, expiryMs, copy = (row) => ({ ...row }) } = options
    this.id = id
    this.#copy = copy
    this.#fill = options.fill
    this.#perBatch = options.perBatch === true
    this.#context = context
    const names = new Set(columns.map(({ partitionName }) => partitionName))
    this.#partitions = [...names].map((name) => {
      const own = columns.filter(({ partitionName }) => partitionName === name)
      return new PartitionState(own, expiryMs)
    })
  }

  link(output: Output): void {
    this.#output = output
    this.#absorber = isAbsorber(output) ? output : undefined
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
      const fill = this.#fill
      const absorber = this.#absorber
      if (fill !== undefined && absorber !== undefined) {
        fill(this.#scratch, row)
        for (const partition of this.#partitions) partition.evaluate(row, time, this.#scratch)
        this.#context.metrics.recordsOut++
        absorber.absorb(this.#scratch, time)
        return
      }
      const made = this.#copy(row)
      for (const partition of this.#partitions) partition.evaluate(row, time, made)
      this.#made.add(made, time)
    } catch (error) {
      if (!this.#perBatch) this.settle()
      this.#context.rowError(error, time)
    }
  }

  settle(): void {
    this.#absorber?.settle()
    this.#context.metrics.recordsOut += this.#made.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return this.#partitions.map((partition) => partition.snapshot())
  }

  /** Calls find their state by name; one that is new starts anew. */
  restore(state: unknown): void {
    const saved = state as SavedPartition[] // what snapshot made
    for (const partition of this.#partitions) {
      const own = saved.find(({ name }) => name === partition.name)
      if (own !== undefined) partition.restore(own)
    }
  }
}
