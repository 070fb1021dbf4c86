import type { Batch, OperatorContext, OperatorId } from './operator.ts'
import { Step } from './step.ts'

export interface LimitOptions {
  readonly count: number
  /** False before a window: there each row is an emission of its own, whatever batch it travels in. */
  readonly perBatch: boolean
}

/** LIMIT: the first `count` rows of each emission. */
export class Limit extends Step {
  readonly #options: LimitOptions

  constructor(id: OperatorId, options: LimitOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  /** LIMIT 0 lets nothing through, not even that a window had no rows. */
  override push(batch: Batch): void {
    if (batch.empty === undefined || this.#options.count > 0) super.push(batch)
  }

  protected override take(batch: Batch): void {
    const { count, perBatch } = this.#options
    const { metrics } = this.context
    metrics.recordsIn += batch.rows.length
    if (count === 0) return
    const kept = !perBatch || batch.rows.length <= count ? batch : first(batch, count)
    metrics.recordsOut += kept.rows.length
    this.output.push(kept)
  }
}

function first({ rows, times }: Batch, count: number): Batch {
  return { rows: rows.slice(0, count), times: times.slice(0, count) }
}
