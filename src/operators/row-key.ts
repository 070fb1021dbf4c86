import type { Row } from './operator.ts'
import { structuralKey } from './structural-key.ts'

/** What whole rows are compared by: their columns in any order, a null as if it were missing. */
export function rowKey(row: Row): unknown {
  return structuralKey(
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  )
}
