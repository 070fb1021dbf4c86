import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  unlinked,
} from './operator.ts'

export interface LimitOptions {
  readonly count: number
  /** False before a window: there each row is an emission of its own, whatever batch it travels in. */
  readonly perBatch: boolean
}

/** LIMIT: the first `count` rows of each emission. */
export class Limit implements Operator {
  readonly id: OperatorId
  readonly #options: LimitOptions
  readonly #context: OperatorContext
  #output: Output = unlinked

  constructor(id: OperatorId, options: LimitOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    const { count, perBatch } = this.#options
    const { metrics } = this.#context
    metrics.recordsIn += batch.rows.length
    if (count === 0) return
    const kept = !perBatch || batch.rows.length <= count ? batch : first(batch, count)
    metrics.recordsOut += kept.rows.length
    this.#output.push(kept)
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

function first({ rows, times }: Batch, count: number): Batch {
  return { rows: rows.slice(0, count), times: times.slice(0, count) }
}
