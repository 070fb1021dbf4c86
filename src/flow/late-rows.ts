import type { Row } from '#src/operators/operator.ts'
import type { LateRow } from '#src/operators/watermark.ts'
import type { Plan } from '#src/plan/plan.ts'
import { rowCopier } from './record.ts'

/** The column of a late row that says why it is one. */
const LATE = '__late'

/**
 * What actions with `lateRows` get of a row that came behind the watermark: its columns, and in `__late` the stream, the
 * row's timestamp, the watermark that it is behind, and by how much; all in ms.
 *
 * @param names where rows are keyed by source: the names of all sources
 */
export function lateRowMaker(
  plan: Plan,
  names: readonly string[] | undefined,
): (late: LateRow) => Row {
  const copy = rowCopier(plan.hidden)
  return ({ row, time, source, watermark }) => {
    const { name = '', stream } = plan.sources[source] ?? {}
    const own = names === undefined ? row : row[name]
    const made = copy((own ?? {}) as Row) // behind a merge: the row of its source
    made[LATE] = { stream, timestamp: time, watermark, lateness: watermark - time }
    return made
  }
}
