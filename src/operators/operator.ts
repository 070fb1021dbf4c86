import type { Row } from '@plutino/sdk'
import type { OperatorId } from '#src/plan/plan.ts'

export type { Row } from '@plutino/sdk'
export type { OperatorId } from '#src/plan/plan.ts'

/**
 * Rows that travel together, in stream order. Behind a window a batch is one emission, whatever its size; before it, 1 to
 * 1024 rows of any number of tuples. A row belongs to whoever holds it last; an operator never changes a row that it was
 * given, it makes another.
 *
 * A batch has rows, but for one: the emission of a tumbling or hopping window in which no row came, which has `empty`. It is
 * passed on as it is, to the sinks; only an aggregation makes something of it, and a join drops it. An operator that
 * drops all rows of a batch sends nothing.
 */
export interface Batch {
  readonly rows: readonly Row[]
  /** Time of each row in ms since the epoch (arrival, or event time), same length as `rows`, never decreasing. */
  readonly times: readonly number[]
  /** Set where there are no rows: the end of the window, and what it would have written into them. */
  readonly empty?: { readonly time: number; readonly bounds: Row } | undefined
}

/** Where an operator sends what it makes. Calls are synchronous and return when the batch was dealt with. */
export interface Output {
  push(batch: Batch): void
  /** Nothing older than `time` will follow; `Infinity` at the end of all sources. Windows close on this, also when no row comes. */
  advance(time: number): void
}

/**
 * A step of a flow. Built once when the rule starts, linked to one output, then fed until the rule stops. An operator
 * never awaits and never touches the outside; what has to wait is a stage border.
 */
export interface Operator extends Output {
  readonly id: OperatorId
  link(output: Output): void
  /** The earliest time at which it wants an `advance`; `Infinity` when it waits for rows only. */
  wakeAt(): number
  /** The state as plain data that nothing will change later; `undefined` when there is none. Called between two batches. */
  snapshot(): unknown
  /** Grows when what `snapshot` gives is laid out anew: a state of another version is dropped, by name. @default 1 */
  readonly stateVersion?: number | undefined
  /** Called at most once, before the first batch, with what `snapshot` of the same id and version returned. */
  restore(state: unknown): void
}

/** What an operator does with a row that fails: counted, named, and the flow goes on with the next one. */
export interface OperatorContext {
  readonly metrics: OperatorMetrics
  rowError(error: unknown, time: number): void
}

/** Counters of one operator; plain fields, written by the operator, read between two calls. */
export interface OperatorMetrics {
  recordsIn: number
  recordsOut: number
  exceptions: number
  lastException: string
  lastExceptionAt: number
  lastInvocationAt: number
}

/** The output of an operator that was not linked yet: a missing link fails at the first row, not silently. */
export const unlinked: Output = {
  push: () => fail(),
  advance: () => fail(),
}

function fail(): never {
  throw new Error('operator is not linked to an output')
}
