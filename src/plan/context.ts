import type { FunctionTable } from '#src/functions/table.ts'
import type { Expression, Position } from '#src/sql/ast.ts'
import type { Derived } from './derived.ts'
import type { PlanExpression } from './expression.ts'
import type { Extensions } from './extensions.ts'
import type { PluginList } from './plugin-list.ts'
import type { Scope } from './scope.ts'

export type Clause = 'SELECT' | 'WHERE' | 'ON' | 'GROUP BY' | 'window' | 'HAVING' | 'ORDER BY'

/** Where an expression stands: decides what may stand in it and what its names mean. */
export interface Place {
  readonly clause: Clause
  /** The alias whose own expression this is: here its name means the column. */
  readonly self?: string | undefined
  /** Stands in the arguments or the OVER of an analytic function, at any depth. */
  readonly inAnalytic?: string | undefined
  /** Stands in the arguments of an aggregate, at any depth. */
  readonly inAggregate?: string | undefined
}

/** What resolving an expression needs, and the way back into it. */
export interface Resolution {
  readonly scope: Scope
  readonly derived: Derived
  readonly functions: FunctionTable
  readonly extensions: Extensions
  readonly plugins: PluginList
  /** Whether GROUP BY has a window: then its bounds can be asked for. */
  readonly hasWindow: boolean
  expression(ast: Expression, place: Place): PlanExpression
  /** What an alias stands for at this place; `undefined`: no alias is meant by the name. */
  alias(name: string, at: Position, place: Place): PlanExpression | undefined
}

/** Aggregates have a value behind the window only, and not inside another aggregate. */
export function allowsAggregates(place: Place): boolean {
  const { clause, inAggregate } = place
  if (inAggregate !== undefined) return false
  return clause === 'SELECT' || clause === 'HAVING' || clause === 'ORDER BY'
}
