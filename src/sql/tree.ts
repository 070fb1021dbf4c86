import type { Expression, Select } from './ast.ts'

/** Every expression of a SELECT, in the order of the text. */
export function expressionsOf(select: Select): Expression[] {
  const optional = [...select.joins.map((join) => join.on), select.where, ...select.groupBy]
  return [
    ...select.fields.map((field) => field.expression),
    ...[...optional, select.having].filter((expression) => expression !== undefined),
    ...select.orderBy.map((key) => key.expression),
  ]
}

/** The expressions right below one, in the order of the text. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case 'literal':
    case 'name':
      return []
    case 'star':
      return expression.replace.map((replacement) => replacement.expression)
    case 'member':
      return present(expression.base, expression.star)
    case 'subscript':
      return [expression.base, expression.index]
    case 'slice':
      return present(expression.base, expression.from, expression.to)
    case 'call': {
      const { args, filter, over } = expression
      const order = over?.order.map((key) => key.expression) ?? []
      return present(...args, filter, ...(over?.partition ?? []), over?.when, ...order)
    }
    case 'unary':
    case 'is-null':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'in':
      return present(expression.operand, ...(expression.list ?? []), expression.set)
    case 'like':
      return [expression.operand, expression.pattern]
    case 'case': {
      const whens = expression.whens.flatMap((when) => [when.condition, when.result])
      return present(expression.value, ...whens, expression.otherwise)
    }
    default:
      return expression satisfies never
  }
}

function present(...expressions: (Expression | undefined)[]): Expression[] {
  return expressions.filter((expression) => expression !== undefined)
}
