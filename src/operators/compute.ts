import type { RecordMaker } from './compiled.ts'
import type { NamedValue } from './group-columns.ts'

/**
 * Adds columns to a row, each computed once.
 * @param copy makes a row of its own from the one given, with room for the columns to come; a copy where it is missing
 */
export function computed(columns: readonly NamedValue[], copy?: RecordMaker): RecordMaker {
  const own: RecordMaker = copy ?? ((row) => ({ ...row }))
  return (row) => {
    const made = own(row)
    for (let i = 0; i < columns.length; i++) {
      const { value, as } = columns[i] as NamedValue
      made[as] = value(row)
    }
    return made
  }
}
