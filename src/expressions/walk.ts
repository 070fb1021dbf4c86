import type { PlanExpression } from '#src/plan/expression.ts'

/** The same expression over other children. */
export function mapChildren(
  expression: PlanExpression,
  change: (child: PlanExpression) => PlanExpression,
): PlanExpression {
  switch (expression.type) {
    case 'literal':
    case 'column':
      return expression
    case 'path':
      return { ...expression, base: change(expression.base) }
    case 'index':
      return { ...expression, base: change(expression.base), index: change(expression.index) }
    case 'slice': {
      const { base, from, to } = expression
      return { ...expression, base: change(base), from: from && change(from), to: to && change(to) }
    }
    case 'negate':
    case 'not':
    case 'is-null':
      return { ...expression, operand: change(expression.operand) }
    case 'binary':
      return { ...expression, left: change(expression.left), right: change(expression.right) }
    case 'between': {
      const { operand, low, high } = expression
      return { ...expression, operand: change(operand), low: change(low), high: change(high) }
    }
    case 'in': {
      const { operand, list, set } = expression
      return {
        ...expression,
        operand: change(operand),
        list: list?.map(change),
        set: set && change(set),
      }
    }
    case 'like': {
      const { operand, pattern } = expression
      return { ...expression, operand: change(operand), pattern: change(pattern) }
    }
    case 'case': {
      const { value, whens, otherwise } = expression
      return {
        ...expression,
        value: value && change(value),
        whens: whens.map(({ condition, result }) => ({
          condition: change(condition),
          result: change(result),
        })),
        otherwise: otherwise && change(otherwise),
      }
    }
    case 'call':
      return { ...expression, args: expression.args.map(change) }
    default:
      return expression satisfies never
  }
}
