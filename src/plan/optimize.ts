import { isAwaited, type PlanExpression } from './expression.ts'
import { mapExpressions } from './node-expressions.ts'
import type { PlanNode } from './plan.ts'
import { some } from './walk.ts'

export interface Optimizations {
  /** Literals computed now instead of per row. */
  readonly fold: (expression: PlanExpression) => PlanExpression
  /** Filters next to the decoder: rows that fail are never built. */
  readonly pushDown: boolean
  /** Columns that are set on the row after decoding: a filter next to the decoder cannot read them. */
  readonly hidden: readonly string[]
}

export function optimize(root: PlanNode, optimizations: Optimizations): PlanNode {
  const { fold, pushDown } = optimizations
  const improve = (node: PlanNode): PlanNode => {
    if (node.type === 'source' || node.type === 'merge') return node
    const folded = mapExpressions({ ...node, input: improve(node.input) }, fold)
    if (folded.type !== 'filter' || folded.clause !== 'where') return folded
    if (isTrue(folded.predicate)) return folded.input
    return pushDown ? pushed(folded, optimizations.hidden) : folded
  }
  return improve(root)
}

/**
 * Moves the leading conditions of WHERE into the source as far as they can be evaluated there. Only the leading ones:
 * a condition may rely on those before it (`isnull(a) = false AND a->b > 1`).
 */
function pushed(node: Extract<PlanNode, { type: 'filter' }>, hidden: readonly string[]): PlanNode {
  const { input } = node
  if (input.type !== 'source' || input.filter !== undefined) return node
  const conditions = conjuncts(node.predicate)
  const stays = conditions.findIndex((condition) => !fitsSource(condition, hidden))
  const count = stays < 0 ? conditions.length : stays
  const filter = conjunction(conditions.slice(0, count))
  if (filter === undefined) return node
  const rest = conjunction(conditions.slice(count))
  const source: PlanNode = { ...input, filter }
  return rest === undefined ? source : { ...node, predicate: rest, input: source }
}

/** Some calls take their time; hidden columns come after decoding. */
function fitsSource(condition: PlanExpression, hidden: readonly string[]): boolean {
  return !some(condition, (part) =>
    part.type === 'call' ? isAwaited(part) : part.type === 'column' && hidden.includes(part.name),
  )
}

/** The conditions of an AND. */
export function conjuncts(expression: PlanExpression): readonly PlanExpression[] {
  if (expression.type !== 'binary' || expression.operator !== 'AND') return [expression]
  return [...conjuncts(expression.left), ...conjuncts(expression.right)]
}

/** `undefined`: there are none. */
export function conjunction(conditions: readonly PlanExpression[]): PlanExpression | undefined {
  const [first, ...others] = conditions
  return others.reduce<PlanExpression | undefined>(
    (left, right) =>
      left && { type: 'binary', operator: 'AND', left, right, dataType: { type: 'boolean' } },
    first,
  )
}

function isTrue(expression: PlanExpression): boolean {
  return expression.type === 'literal' && expression.value === true
}
