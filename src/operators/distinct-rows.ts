import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'
import { rowKey } from './row-key.ts'

/** SELECT DISTINCT: of rows of one emission that are alike the first; compared structurally, null and missing are one. */
export class DistinctRows implements Operator {
  readonly id: OperatorId
  readonly #context: OperatorContext
  #output: Output = unlinked

  constructor(id: OperatorId, context: OperatorContext) {
    this.id = id
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
    const { metrics } = this.#context
    metrics.recordsIn += rows.length
    const seen = new Set<unknown>()
    const kept: Row[] = []
    for (const row of rows) {
      const key = rowKey(row)
      if (seen.has(key)) continue
      seen.add(key)
      kept.push(row)
    }
    metrics.recordsOut += kept.length
    this.#output.push({ rows: kept, times: times.slice(0, kept.length) })
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
