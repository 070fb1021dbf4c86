import { EngineError } from '#src/errors.ts'
import type { AggregateCall, Call, PlanExpression } from '#src/plan/expression.ts'
import { mapExpressions } from '#src/plan/node-expressions.ts'
import type { AggregateNode, PlanNode } from '#src/plan/plan.ts'
import { mapParts, some } from '#src/plan/walk.ts'

/** Whether a function of a plugin keeps its state by group. */
export type KeepsByGroup = (plugin: number) => boolean

/**
 * The plan, with what names the group as further arguments of those calls whose function keeps its state by group. Nothing
 * is changed in a statement without GROUP BY, or by a window alone: it has one group.
 *
 * @throws EngineError `bad-plan` where such a function is called before rows have a group
 */
export function withGroups(root: PlanNode, keeps: KeepsByGroup): PlanNode {
  return aggregateIn(root) === undefined ? root : behind(root, keeps)
}

/** The grouping with keys, where there is one. */
function aggregateIn(node: PlanNode): AggregateNode | undefined {
  if (node.type === 'aggregate') return node.keys.length > 0 ? node : undefined
  if (node.type === 'source' || node.type === 'merge') return undefined
  return aggregateIn(node.input)
}

/** A node behind the grouping: there, the keys are columns. */
function behind(node: PlanNode, keeps: KeepsByGroup): PlanNode {
  if (node.type === 'source' || node.type === 'merge') return node
  if (node.type === 'aggregate') return grouping(node, keeps)
  const group = (aggregateIn(node)?.keys ?? []).map(({ expression, as }): PlanExpression => {
    return { type: 'column', name: as, dataType: expression.dataType }
  })
  const own = mapExpressions(node, (expression) => named(expression, group, keeps))
  return { ...own, input: behind(node.input, keeps) } as PlanNode // of the same type as before
}

function grouping(node: AggregateNode, keeps: KeepsByGroup): AggregateNode {
  const group = node.keys.map(({ expression }) => expression)
  const name = (expression: PlanExpression) => named(expression, group, keeps)
  for (const expression of group) refuse(expression, keeps)
  mapExpressions({ ...node, keys: [], calls: [], first: [] }, (expression) => {
    refuse(expression, keeps)
    return expression
  })
  refuseBelow(node.input, keeps)
  return {
    ...node,
    first: node.first.map((first) => ({ ...first, expression: name(first.expression) })),
    calls: node.calls.map((call) => namedAggregate(call, group, name, keeps)),
  }
}

function namedAggregate(
  call: AggregateCall,
  group: readonly PlanExpression[],
  name: (expression: PlanExpression) => PlanExpression,
  keeps: KeepsByGroup,
): AggregateCall {
  const args = call.args.map(name)
  const filter = call.filter && name(call.filter)
  if (call.plugin === undefined || !keeps(call.plugin)) return { ...call, args, filter }
  return { ...call, args: [...args, ...group], filter, groupArgs: group.length }
}

function named(
  expression: PlanExpression,
  group: readonly PlanExpression[],
  keeps: KeepsByGroup,
): PlanExpression {
  const made = mapParts(expression, (part) => named(part, group, keeps))
  if (!keepsByGroup(made, keeps)) return made
  return { ...made, args: [...made.args, ...group], groupArgs: group.length }
}

function refuseBelow(node: PlanNode, keeps: KeepsByGroup): void {
  mapExpressions(node, (expression) => {
    refuse(expression, keeps)
    return expression
  })
  if (node.type !== 'source' && node.type !== 'merge') refuseBelow(node.input, keeps)
  if (node.type === 'merge') for (const input of node.inputs) refuseBelow(input, keeps)
}

function refuse(expression: PlanExpression, keeps: KeepsByGroup): void {
  if (!some(expression, (part) => keepsByGroup(part, keeps))) return
  throw new EngineError(
    'bad-plan',
    'a function that keeps its state by group stands where rows have no group yet; call it in SELECT, HAVING or ORDER BY',
  )
}

function keepsByGroup(expression: PlanExpression, keeps: KeepsByGroup): expression is Call {
  return expression.type === 'call' && expression.plugin !== undefined && keeps(expression.plugin)
}
