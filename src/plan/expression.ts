import type { BinaryOperator } from '#src/sql/ast.ts'
import type { DataType } from './types.ts'

/**
 * An expression as a worker gets it: names resolved, functions found, types known as far as they can be. Plain data.
 */
export type PlanExpression =
  | Literal
  | Column
  | Path
  | Index
  | Slice
  | Negate
  | Not
  | Binary
  | Between
  | In
  | Like
  | IsNull
  | Case
  | Call

interface Typed {
  readonly dataType: DataType
}

export interface Literal extends Typed {
  readonly type: 'literal'
  readonly value: number | bigint | string | boolean | null
}

/**
 * A property of the row at this point of the plan. `stream` is set behind a join only, where a row is
 * `{ [stream]: row | null }`. What is computed on the way has a name that no column can have: `window_start()`,
 * `meta(topic)`, `$agg0`; such names are listed in the plan's `hidden`.
 */
export interface Column extends Typed {
  readonly type: 'column'
  readonly name: string
  readonly stream?: string | undefined
}

/** `base->name` */
export interface Path extends Typed {
  readonly type: 'path'
  readonly base: PlanExpression
  readonly name: string
}

export interface Index extends Typed {
  readonly type: 'index'
  readonly base: PlanExpression
  readonly index: PlanExpression
}

export interface Slice extends Typed {
  readonly type: 'slice'
  readonly base: PlanExpression
  readonly from?: PlanExpression | undefined
  readonly to?: PlanExpression | undefined
}

export interface Negate extends Typed {
  readonly type: 'negate'
  readonly operand: PlanExpression
}

export interface Not extends Typed {
  readonly type: 'not'
  readonly operand: PlanExpression
}

export interface Binary extends Typed {
  readonly type: 'binary'
  readonly operator: BinaryOperator
  readonly left: PlanExpression
  readonly right: PlanExpression
}

export interface Between extends Typed {
  readonly type: 'between'
  readonly not: boolean
  readonly operand: PlanExpression
  readonly low: PlanExpression
  readonly high: PlanExpression
}

export interface In extends Typed {
  readonly type: 'in'
  readonly not: boolean
  readonly operand: PlanExpression
  readonly list?: readonly PlanExpression[] | undefined
  readonly set?: PlanExpression | undefined
}

export interface Like extends Typed {
  readonly type: 'like'
  readonly not: boolean
  readonly operand: PlanExpression
  readonly pattern: PlanExpression
}

export interface IsNull extends Typed {
  readonly type: 'is-null'
  readonly not: boolean
  readonly operand: PlanExpression
}

export interface Case extends Typed {
  readonly type: 'case'
  readonly value?: PlanExpression | undefined
  readonly whens: readonly { readonly condition: PlanExpression; readonly result: PlanExpression }[]
  readonly otherwise?: PlanExpression | undefined
}

/** A call of a row function, built in or of a plugin. Aggregates and analytic functions never stand here: see `AggregateCall`. */
export interface Call extends Typed {
  readonly type: 'call'
  /** The canonical name of a built-in; the exact name of a plugin's function. */
  readonly name: string
  readonly args: readonly PlanExpression[]
  /** Counts the calls of functions in the statement, from 0; keeps the state of one call apart from another's. */
  readonly id: number
  /** The plugin's code in `Plan.plugins`, by index; a built-in when it is missing. */
  readonly plugin?: number | undefined
  /** A built-in that may answer with a promise, as any function of a plugin may. */
  readonly waits?: true | undefined
  /** So many of the last arguments name the group; set in the worker, for functions that keep their state by group. */
  readonly groupArgs?: number | undefined
}

/** Whether a call may answer with a promise, which only a stage border can wait for. */
export function isAwaited({ plugin, waits }: Call): boolean {
  return plugin !== undefined || waits === true
}

/** A call of an aggregate function over the rows of a group or window. */
export interface AggregateCall {
  readonly name: string
  /** Empty for `count(*)`; `collect(*)` and friends have `star`. */
  readonly args: readonly PlanExpression[]
  readonly star?: { readonly except: readonly string[] } | undefined
  readonly distinct: boolean
  readonly filter?: PlanExpression | undefined
  readonly id: number
  readonly plugin?: number | undefined
  /** See `Call`. */
  readonly groupArgs?: number | undefined
  readonly dataType: DataType
  /** The hidden column in which the result stands. */
  readonly as: string
}

/** A call of an analytic function, evaluated in stream order before WHERE. */
export interface AnalyticCall {
  readonly name: string
  readonly args: readonly PlanExpression[]
  readonly partition: readonly PlanExpression[]
  readonly when?: PlanExpression | undefined
  readonly order: readonly { readonly expression: PlanExpression; readonly descending: boolean }[]
  /** `changed_cols(…, *)`: the row, without those columns, is the last argument. */
  readonly star?: { readonly except: readonly string[] } | undefined
  readonly id: number
  readonly dataType: DataType
  readonly as: string
}

export interface DedupTriggerCall {
  readonly start: PlanExpression
  readonly end: PlanExpression
  readonly now: PlanExpression
  /** What is older than `now` less this is not given any more, and forgotten. */
  readonly expireMs: number
  readonly as: string
}
