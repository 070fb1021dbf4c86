import type { NamedValue } from '#src/operators/group-columns.ts'
import type { OperatorId, Row } from '#src/operators/operator.ts'
import { isAwaited, type PlanExpression } from '#src/plan/expression.ts'
import { mapExpressions } from '#src/plan/node-expressions.ts'
import type { PlanNode } from '#src/plan/plan.ts'
import { some } from '#src/plan/walk.ts'
import type { Compilation } from './compilation.ts'
import { compileScalar } from './scalar.ts'

/** Whether a function is called in it that may answer with a promise: one of a plugin, for the most part. */
export function mayWait(expression: PlanExpression): boolean {
  return some(expression, (part) => part.type === 'call' && isAwaited(part))
}

/**
 * For operators that cannot wait (groups, windows, orders): what they would ask of plugins is computed by a stage in
 * front of them, into hidden columns. Gives the node that reads these.
 */
export function withPluginColumns<N extends PlanNode>(node: N, to: Compilation): N {
  const columns: NamedValue[] = []
  const changed = mapExpressions(node, (expression) => {
    if (!mayWait(expression)) return expression
    const as = `$stage${to.stages.length}.${columns.length}`
    columns.push({ value: compileScalar(expression, to.expressions), as })
    return { type: 'column', name: as, dataType: expression.dataType }
  })
  if (columns.length === 0) return node
  to.hidden.push(...columns.map(({ as }) => as))
  to.addStage('compute', `${node.id}/plugins` as OperatorId, addColumns(columns))
  return changed as N // mapExpressions keeps the type of a node
}

export function addColumns(columns: readonly NamedValue[]): (row: Row) => Row {
  return (row) => {
    const made: Row = { ...row }
    for (const { value, as } of columns) made[as] = value(row)
    return made
  }
}
