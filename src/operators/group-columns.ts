import type { Aggregator } from '#src/functions/declaration.ts'
import type { Predicate, RecordMaker, Value } from './compiled.ts'

/** A value of the row and the column in which it stands in the group's row. */
export interface NamedValue {
  readonly value: Value
  readonly as: string
}

/** A call of an aggregate, compiled. */
export interface AggregateColumn {
  readonly aggregator: Aggregator<unknown>
  readonly args: readonly Value[]
  readonly filter?: Predicate | undefined
  readonly as: string
  /** Calls that differ in their result only, and share the accumulator. */
  readonly also?: readonly Pick<AggregateColumn, 'aggregator' | 'as'>[] | undefined
}

export interface GroupColumns {
  readonly keys: readonly NamedValue[]
  readonly calls: readonly AggregateColumn[]
  /** What is neither key nor aggregate: its value in the group's first row. */
  readonly first: readonly NamedValue[]
  /** Set where the group's row begins with the columns of its first row: copies them. */
  readonly keepFirst?: RecordMaker | undefined
}
