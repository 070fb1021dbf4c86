import type { Batch, Row } from './operator.ts'
import { rowKey } from './row-key.ts'
import { Step } from './step.ts'

/** SELECT DISTINCT: of rows of one emission that are alike the first; compared structurally, null and missing are one. */
export class DistinctRows extends Step {
  protected override take({ rows, times }: Batch): void {
    const { metrics } = this.context
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
    this.output.push({ rows: kept, times: times.slice(0, kept.length) })
  }
}
