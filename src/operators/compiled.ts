import type { Row } from './operator.ts'

/** Compiled expressions as operators take them. What they throw is an error of the row. */
export type Value = (row: Row) => unknown

/** Only `true` passes; false, null and undefined (unknown) do not. */
export type Predicate = (row: Row) => unknown

/** Makes a row of its own from the one given. */
export type RecordMaker = (row: Row) => Row
