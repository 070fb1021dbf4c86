import type { AggregateCall, AnalyticCall, PlanExpression } from './expression.ts'
import type { WindowSpec } from './plan.ts'

/** Expressions of a plan for people to read; columns with their stream in front, as the peer shows them. */
export function expressionText(expression: PlanExpression, stream: string): string {
  const text = (part: PlanExpression) => expressionText(part, stream)
  const inner = (part: PlanExpression) => (isTight(part) ? text(part) : `(${text(part)})`)
  const not = (is: boolean) => (is ? 'NOT ' : '')
  switch (expression.type) {
    case 'literal':
      return literalText(expression.value)
    case 'column':
      return columnText(expression.name, expression.stream ?? stream)
    case 'path':
      return `${inner(expression.base)}->${expression.name}`
    case 'index':
      return `${inner(expression.base)}[${text(expression.index)}]`
    case 'slice': {
      const { base, from, to } = expression
      return `${inner(base)}[${from ? text(from) : ''}:${to ? text(to) : ''}]`
    }
    case 'negate':
      return `-${inner(expression.operand)}`
    case 'not':
      return `NOT ${inner(expression.operand)}`
    case 'binary':
      return `${inner(expression.left)} ${expression.operator} ${inner(expression.right)}`
    case 'between': {
      const { operand, low, high } = expression
      return `${inner(operand)} ${not(expression.not)}BETWEEN ${inner(low)} AND ${inner(high)}`
    }
    case 'in': {
      const { operand, list, set } = expression
      const values = set ? inner(set) : `(${(list ?? []).map(text).join(', ')})`
      return `${inner(operand)} ${not(expression.not)}IN ${values}`
    }
    case 'like':
      return `${inner(expression.operand)} ${not(expression.not)}LIKE ${inner(expression.pattern)}`
    case 'is-null':
      return `${inner(expression.operand)} IS ${not(expression.not)}NULL`
    case 'case': {
      const { value, whens, otherwise } = expression
      const branches = whens.map((when) => `WHEN ${text(when.condition)} THEN ${text(when.result)}`)
      const last = otherwise ? [`ELSE ${text(otherwise)}`] : []
      return ['CASE', ...(value ? [text(value)] : []), ...branches, ...last, 'END'].join(' ')
    }
    case 'call':
      return `${expression.name}(${expression.args.map(text).join(', ')})`
    default:
      return expression satisfies never
  }
}

export function aggregateText(call: AggregateCall, stream: string): string {
  const star = call.star === undefined || call.star.except.length === 0 ? '*' : starText(call.star)
  const args = call.args.map((arg) => expressionText(arg, stream)).join(', ') || star
  const filter = call.filter && ` FILTER (WHERE ${expressionText(call.filter, stream)})`
  return `${call.name}(${call.distinct ? 'DISTINCT ' : ''}${args})${filter ?? ''} AS ${call.as}`
}

export function analyticText(call: AnalyticCall, stream: string): string {
  const list = (parts: readonly PlanExpression[]) =>
    parts.map((part) => expressionText(part, stream)).join(', ')
  const over = [
    ...(call.partition.length > 0 ? [`PARTITION BY ${list(call.partition)}`] : []),
    ...(call.when ? [`WHEN ${expressionText(call.when, stream)}`] : []),
  ]
  const tail = over.length > 0 ? ` OVER (${over.join(' ')})` : ''
  return `${call.name}(${list(call.args)})${tail} AS ${call.as}`
}

export function windowText(spec: WindowSpec, stream: string): string {
  const plain = Object.entries(spec).flatMap(([key, value]) =>
    typeof value === 'number' ? [`${key}:${value}`] : [],
  )
  const expressions = Object.entries(spec).flatMap(([key, value]) =>
    isExpression(value) ? [`${key}:${expressionText(value, stream)}`] : [],
  )
  const type = `windowType:${spec.window.toUpperCase()}_WINDOW`
  return `{ ${[type, ...plain, ...expressions].join(', ')} }`
}

function isExpression(value: unknown): value is PlanExpression {
  return typeof value === 'object' && value !== null && 'dataType' in value
}

function starText({ except }: { readonly except: readonly string[] }): string {
  return `* EXCEPT(${except.join(', ')})`
}

function literalText(value: number | bigint | string | boolean | null): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** Hidden columns have names that say themselves what they are. */
function columnText(name: string, stream: string): string {
  return name.startsWith('$') || name.endsWith(')') ? name : `${stream}.${name}`
}

function isTight(expression: PlanExpression): boolean {
  const { type } = expression
  return ['literal', 'column', 'path', 'index', 'slice', 'call', 'case'].includes(type)
}
