import type { Value } from './compiled.ts'
import type { Batch, OperatorContext, OperatorId, Row } from './operator.ts'
import { compareValues, isNull } from './order.ts'
import { Step } from './step.ts'

export interface SortKey {
  readonly value: Value
  readonly descending: boolean
}

export interface SortOptions {
  readonly keys: readonly SortKey[]
  /** False before a window: there each row is an emission of its own, so there is nothing to sort. */
  readonly perBatch: boolean
}

interface Keyed {
  readonly row: Row
  readonly keys: readonly unknown[]
}

/** ORDER BY: sorts the rows of each emission. Stable; nulls come last, also where the order is descending. */
export class Sort extends Step {
  readonly #options: SortOptions

  constructor(id: OperatorId, options: SortOptions, context: OperatorContext) {
    super(id, context)
    this.#options = options
  }

  protected override take(batch: Batch): void {
    const { metrics } = this.context
    metrics.recordsIn += batch.rows.length
    const sorted = this.#options.perBatch ? this.#sort(batch) : batch
    if (sorted.rows.length === 0) return
    metrics.recordsOut += sorted.rows.length
    this.output.push(sorted)
  }

  /** Rows change places, times do not: they never decrease within a batch. */
  #sort({ rows, times }: Batch): Batch {
    const { keys } = this.#options
    const keyed: Keyed[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      try {
        keyed.push({ row, keys: keys.map((key) => key.value(row)) })
      } catch (error) {
        this.context.rowError(error, times[i] as number)
      }
    }
    keyed.sort((a, b) => compareKeys(a.keys, b.keys, keys))
    return { rows: keyed.map(({ row }) => row), times: times.slice(0, keyed.length) }
  }
}

/** The order of two rows by the values of their keys. */
export function compareKeys(
  a: readonly unknown[],
  b: readonly unknown[],
  keys: readonly SortKey[],
): number {
  for (let i = 0; i < keys.length; i++) {
    const left = a[i]
    const right = b[i]
    if (isNull(left) || isNull(right)) {
      if (isNull(left) && isNull(right)) continue
      return isNull(left) ? 1 : -1
    }
    const order = compareValues(left, right)
    if (order !== 0) return keys[i]?.descending === true ? -order : order
  }
  return 0
}
