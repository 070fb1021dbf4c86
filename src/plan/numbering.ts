import type { PlanExpression } from './expression.ts'
import { mapExpressions } from './node-expressions.ts'
import type { PlanNode } from './plan.ts'
import { mapParts } from './walk.ts'

/** Numbers the calls of functions in the order of the flow, so that what stands behind a call does not change its number. */
export function numberCalls(root: PlanNode): PlanNode {
  let next = 0
  const number = (expression: PlanExpression): PlanExpression => {
    const inner = mapParts(expression, number)
    return inner.type === 'call' ? { ...inner, id: next++ } : inner
  }
  const walk = (node: PlanNode): PlanNode => {
    if (node.type === 'source') return mapExpressions(node, number)
    if (node.type === 'merge') return node
    const numbered = mapExpressions({ ...node, input: walk(node.input) }, number)
    if (numbered.type !== 'analytic' && numbered.type !== 'aggregate') return numbered
    if (numbered.type === 'analytic') {
      return { ...numbered, calls: numbered.calls.map((call) => ({ ...call, id: next++ })) }
    }
    return { ...numbered, calls: numbered.calls.map((call) => ({ ...call, id: next++ })) }
  }
  return walk(root)
}
