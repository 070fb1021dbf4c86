import { typeName } from './data-types.ts'
import type { AggregateCall, AnalyticCall, PlanExpression } from './expression.ts'
import { parts } from './walk.ts'

/**
 * Text that is the same for expressions that mean the same, and for no others. It has no ids of calls in it: those change
 * with what stands around an expression.
 */
export function canonical(expression: PlanExpression): string {
  const inner = parts(expression).map(canonical).join(',')
  return `${head(expression)}(${inner})`
}

function head(expression: PlanExpression): string {
  switch (expression.type) {
    case 'literal':
      return `${expression.dataType.type}:${quoted(expression.value)}`
    case 'column': {
      const { stream, name, dataType } = expression
      return `column:${quoted(stream ?? '')}.${quoted(name)}:${typeName(dataType)}`
    }
    case 'path':
      return `path:${quoted(expression.name)}`
    case 'slice':
      return `slice:${expression.from ? 1 : 0}${expression.to ? 1 : 0}`
    case 'binary':
      return expression.operator
    case 'between':
    case 'like':
    case 'is-null':
      return `${expression.type}:${expression.not}`
    case 'in':
      return `in:${expression.not}:${expression.set ? 'set' : 'list'}`
    case 'case':
      return `case:${expression.value ? 1 : 0}${expression.otherwise ? 1 : 0}`
    case 'call':
      return `call:${quoted(expression.name)}:${expression.plugin ?? ''}`
    case 'index':
    case 'negate':
    case 'not':
      return expression.type
    default:
      return expression satisfies never
  }
}

export function canonicalAggregate(call: AggregateCall): string {
  const star = call.star === undefined ? '' : `*${call.star.except.map(quoted).join(',')}`
  const args = call.args.map(canonical).join(',')
  const filter = call.filter ? canonical(call.filter) : ''
  return `${quoted(call.name)}:${call.plugin ?? ''}:${call.distinct}:${star}(${args})${filter}`
}

export function canonicalAnalytic(call: AnalyticCall): string {
  const list = (expressions: readonly PlanExpression[]) => expressions.map(canonical).join(',')
  const order = call.order.map((key) => `${canonical(key.expression)}${key.descending}`).join(',')
  const when = call.when ? canonical(call.when) : ''
  const star = call.star === undefined ? '' : `*${call.star.except.map(quoted).join(',')}`
  return `${quoted(call.name)}(${list(call.args)}${star})(${list(call.partition)})(${when})(${order})`
}

function quoted(value: number | bigint | string | boolean | null): string {
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}
