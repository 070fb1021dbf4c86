import type { PlanExpression } from './expression.ts'
import { mapExpressions } from './node-expressions.ts'
import type { Plan, PlanNode } from './plan.ts'
import { parts } from './walk.ts'

/** Of each call of a function, its arguments. */
export type CallArguments = readonly (readonly PlanExpression[])[]

/** A call of a plugin's function, as it stands in a plan. */
export interface PluginCall {
  /** Its number in `Plan.plugins`. */
  readonly plugin: number
  readonly args: readonly PlanExpression[]
}

/** All calls of functions of plugins, wherever they stand. */
export function pluginCalls(plan: Plan): PluginCall[] {
  const found: PluginCall[] = []
  const look = (expression: PlanExpression): PlanExpression => {
    if (expression.type === 'call') add(expression)
    parts(expression).forEach(look)
    return expression
  }
  const add = ({ plugin, args }: Pick<PluginCall, 'args'> & { plugin?: number | undefined }) => {
    if (plugin !== undefined) found.push({ plugin, args })
  }
  const visit = (node: PlanNode): void => {
    if (node.type === 'merge') node.inputs.forEach(visit)
    else if (node.type !== 'source') visit(node.input)
    if (node.type === 'aggregate') node.calls.forEach(add)
    mapExpressions(node, look)
  }
  visit(plan.root)
  return found
}
