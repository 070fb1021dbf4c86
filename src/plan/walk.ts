import type { PlanExpression } from './expression.ts'

/** The same expression with `change` applied to each of its direct parts. */
export function mapParts(
  expression: PlanExpression,
  change: (part: PlanExpression) => PlanExpression,
): PlanExpression {
  switch (expression.type) {
    case 'literal':
    case 'column':
      return expression
    case 'path':
      return { ...expression, base: change(expression.base) }
    case 'index':
      return { ...expression, base: change(expression.base), index: change(expression.index) }
    case 'slice':
      return {
        ...expression,
        base: change(expression.base),
        from: expression.from && change(expression.from),
        to: expression.to && change(expression.to),
      }
    case 'negate':
    case 'not':
    case 'is-null':
      return { ...expression, operand: change(expression.operand) }
    case 'binary':
      return { ...expression, left: change(expression.left), right: change(expression.right) }
    case 'between':
      return {
        ...expression,
        operand: change(expression.operand),
        low: change(expression.low),
        high: change(expression.high),
      }
    case 'in':
      return {
        ...expression,
        operand: change(expression.operand),
        list: expression.list?.map(change),
        set: expression.set && change(expression.set),
      }
    case 'like':
      return {
        ...expression,
        operand: change(expression.operand),
        pattern: change(expression.pattern),
      }
    case 'case':
      return {
        ...expression,
        value: expression.value && change(expression.value),
        whens: expression.whens.map((when) => ({
          condition: change(when.condition),
          result: change(when.result),
        })),
        otherwise: expression.otherwise && change(expression.otherwise),
      }
    case 'call':
      return { ...expression, args: expression.args.map(change) }
    default:
      return expression satisfies never
  }
}

/** The direct parts, in the order in which they are evaluated. */
export function parts(expression: PlanExpression): readonly PlanExpression[] {
  const found: PlanExpression[] = []
  mapParts(expression, (part) => {
    found.push(part)
    return part
  })
  return found
}

/** Whether the expression, or anything in it, is what is looked for. */
export function some(
  expression: PlanExpression,
  is: (expression: PlanExpression) => boolean,
): boolean {
  return is(expression) || parts(expression).some((part) => some(part, is))
}

/** Nodes of the expression tree. */
export function size(expression: PlanExpression): number {
  return parts(expression).reduce((sum, part) => sum + size(part), 1)
}

/** A column of a payload that nothing was done to: a null in it is one that somebody wrote. */
export function isAsItCame(expression: PlanExpression, hidden: readonly string[]): boolean {
  return expression.type === 'column' && !hidden.includes(expression.name)
}
