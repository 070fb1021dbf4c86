import type { Binary, PlanExpression } from '#src/plan/expression.ts'
import type { Emitter } from './emitter.ts'
import { and, condition, or } from './logic.ts'

export function emitAnd({ left, right }: Binary, to: Emitter): string {
  const a = to.scope.temporary()
  const b = to.scope.temporary()
  const first = `(${a} = ${to.emit(left)}) === false ? false`
  const second = `(${b} = ${to.emit(right)}, ${a} === true && (${b} === true || ${b} === false))`
  return `(${first} : ${second} ? ${b} : ${to.scope.constant(and)}(${a}, ${b}))`
}

export function emitOr({ left, right }: Binary, to: Emitter): string {
  const a = to.scope.temporary()
  const b = to.scope.temporary()
  const first = `(${a} = ${to.emit(left)}) === true ? true`
  const second = `(${b} = ${to.emit(right)}, ${a} === false && (${b} === true || ${b} === false))`
  return `(${first} : ${second} ? ${b} : ${to.scope.constant(or)}(${a}, ${b}))`
}

/** The text of whether an expression is true; an unknown one is not. The right side of an AND is read only behind a true one. */
export function emitCondition(expression: PlanExpression, to: Emitter): string {
  if (expression.type === 'binary' && expression.operator === 'AND') {
    return `(${emitCondition(expression.left, to)} && ${emitCondition(expression.right, to)})`
  }
  if (expression.type === 'binary' && expression.operator === 'OR') {
    return `(${emitCondition(expression.left, to)} || ${emitCondition(expression.right, to)})`
  }
  const value = to.emit(expression)
  if (isLogical(expression)) return `${value} === true`
  const name = to.scope.temporary()
  return `((${name} = ${value}) === true || ${to.scope.constant(condition)}(${name}))`
}

/** What gives nothing but true, false or unknown. */
export function isLogical(expression: PlanExpression): boolean {
  switch (expression.type) {
    case 'not':
    case 'between':
    case 'in':
    case 'like':
    case 'is-null':
      return true
    case 'binary':
      return logicalOperators.has(expression.operator)
    default:
      return false
  }
}

const logicalOperators: ReadonlySet<string> = new Set([
  'AND',
  'OR',
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
])
