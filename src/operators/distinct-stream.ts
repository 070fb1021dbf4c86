import { BatchBuilder } from './batch-builder.ts'
import type { Batch, OperatorContext, OperatorId } from './operator.ts'
import { rowKey } from './row-key.ts'
import { Step } from './step.ts'

/** Different rows that are remembered, at most. */
const MOST_DISTINCT = 100_000

/**
 * SELECT DISTINCT without a window: a row like one that was sent before is left out, compared structurally; null and
 * missing are one. Remembers so many rows; the one that was seen longest ago is forgotten, and would be sent again.
 */
export class DistinctStream extends Step {
  readonly #most: number
  /** In the order in which they were last seen. */
  #seen = new Set<unknown>()
  readonly #kept = new BatchBuilder()

  constructor(id: OperatorId, context: OperatorContext, most = MOST_DISTINCT) {
    super(id, context)
    this.#most = most
  }

  protected override take({ rows, times }: Batch): void {
    const { metrics } = this.context
    metrics.recordsIn += rows.length
    for (const [i, row] of rows.entries()) {
      const key = rowKey(row)
      const isKnown = this.#seen.delete(key)
      this.#seen.add(key)
      if (isKnown) continue
      if (this.#seen.size > this.#most) this.#forget()
      this.#kept.add(row, times[i] as number)
    }
    metrics.recordsOut += this.#kept.flush(this.output)
  }

  override snapshot(): unknown {
    return [...this.#seen]
  }

  override restore(state: unknown): void {
    this.#seen = new Set(state as readonly unknown[]) // what snapshot made
  }

  #forget(): void {
    const [oldest] = this.#seen
    this.#seen.delete(oldest)
  }
}
