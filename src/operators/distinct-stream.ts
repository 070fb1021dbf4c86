import { BatchBuilder } from './batch-builder.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  unlinked,
} from './operator.ts'
import { rowKey } from './row-key.ts'

/** Different rows that are remembered, at most. */
export const MOST_DISTINCT = 100_000

/**
 * SELECT DISTINCT without a window: a row like one that was sent before is left out, compared structurally; null and
 * missing are one. Remembers so many rows; the one that was seen longest ago is forgotten, and would be sent again.
 */
export class DistinctStream implements Operator {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #most: number
  /** In the order in which they were last seen. */
  #seen = new Set<unknown>()
  readonly #kept = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, context: OperatorContext, most = MOST_DISTINCT) {
    this.id = id
    this.#context = context
    this.#most = most
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
    for (const [i, row] of rows.entries()) {
      const key = rowKey(row)
      const isKnown = this.#seen.delete(key)
      this.#seen.add(key)
      if (isKnown) continue
      if (this.#seen.size > this.#most) this.#forget()
      this.#kept.add(row, times[i] as number)
    }
    metrics.recordsOut += this.#kept.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return [...this.#seen]
  }

  restore(state: unknown): void {
    this.#seen = new Set(state as readonly unknown[]) // what snapshot made
  }

  #forget(): void {
    const [oldest] = this.#seen
    this.#seen.delete(oldest)
  }
}
