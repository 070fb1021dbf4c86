import type { Expressions } from '#src/expressions/compile.ts'
import { Scope } from '#src/expressions/scope.ts'
import type { Value } from '#src/operators/compiled.ts'
import type { PlanExpression } from '#src/plan/expression.ts'

/** The value as it is, an unknown condition as null: keys of groups and partitions, arguments, keys of an order. */
export function compileScalar(expression: PlanExpression, expressions: Expressions): Value {
  const scope = new Scope()
  return scope.build(expressions.emit(expression, scope))
}
