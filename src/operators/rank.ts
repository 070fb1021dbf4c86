import type { Value } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { compareKeys, type SortKey } from './sort.ts'
import { Step } from './step.ts'
import { structuralKey } from './structural-key.ts'

export interface RankCallOptions {
  readonly partition: readonly Value[]
  readonly order: readonly SortKey[]
  readonly as: string
}

export interface RankOptions {
  readonly calls: readonly RankCallOptions[]
  /** False before a window: there each row is an emission of its own, and its number is 1. */
  readonly perBatch: boolean
}

interface Ranked {
  readonly index: number
  readonly partition: unknown
  readonly keys: readonly unknown[]
}

/** `row_number()`: numbers the rows of each emission from 1, by partition, in the order asked for. Rows stay where they are. */
export class Rank extends Step {
  readonly #options: RankOptions

  constructor(id: OperatorId, options: RankOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take({ rows, times }: Batch): void {
    const { calls, perBatch } = this.#options
    const { metrics } = this.context
    metrics.recordsIn += rows.length
    const made = rows.map((row): Row => ({ ...row }))
    const failed = new Set<number>()
    for (const call of calls) {
      if (perBatch) this.#number(call, { rows, times }, made, failed)
      else for (const row of made) row[call.as] = 1
    }
    const isKept = (_: unknown, i: number) => !failed.has(i)
    const kept = failed.size === 0 ? made : made.filter(isKept)
    if (kept.length === 0) return
    metrics.recordsOut += kept.length
    this.output.push({ rows: kept, times: failed.size === 0 ? times : times.filter(isKept) })
  }

  #number(
    { partition, order, as }: RankCallOptions,
    { rows, times }: Batch,
    made: readonly Row[],
    failed: Set<number>,
  ): void {
    const ranked: Ranked[] = []
    for (const [index, row] of rows.entries()) {
      if (failed.has(index)) continue
      try {
        const key = structuralKey(partition.map((value) => value(row)))
        ranked.push({ index, partition: key, keys: order.map(({ value }) => value(row)) })
      } catch (error) {
        failed.add(index)
        this.context.rowError(error, times[index] as number)
      }
    }
    if (order.length > 0) ranked.sort((a, b) => compareKeys(a.keys, b.keys, order))
    const counts = new Map<unknown, number>()
    for (const { index, partition: key } of ranked) {
      const number = (counts.get(key) ?? 0) + 1
      counts.set(key, number)
      ;(made[index] as Row)[as] = number
    }
  }
}
