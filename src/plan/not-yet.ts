import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'

/** Functions of the dialect that need more than a value per row: several rows, several columns, or the whole emission. */
const notYet = new Set([
  'unnest',
  'extract',
  'changed_cols',
  'row_number',
  'dedup_trigger',
  'last_hit_count',
  'last_hit_time',
  'last_agg_hit_count',
  'last_agg_hit_time',
])

/** @throws SqlError for a function that the dialect has and this version has not */
export function refuseNotYet(node: ast.Call): void {
  const lower = node.name.toLowerCase()
  if (!notYet.has(lower)) return
  throw new SqlError('not-supported', `function ${lower} is not supported yet`, node.at)
}
