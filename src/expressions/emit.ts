import type { Case, In, Literal, PlanExpression, Slice } from '#src/plan/expression.ts'
import { elementAt, isStruct, pathOf, sliceOf } from './access.ts'
import { negation } from './arithmetic.ts'
import { comparison } from './compare.ts'
import { emitArithmetic, emitComparison } from './emit-binary.ts'
import { emitAnd, emitOr } from './emit-logic.ts'
import type { Emitter } from './emitter.ts'
import { kindOf } from './kinds.ts'
import { like, likeMatcher } from './like.ts'
import { caseCondition, not } from './logic.ts'
import { between, isIn, isInArray } from './membership.ts'
import { literalText, type Scope } from './scope.ts'

/** The text of an expression's value. It may be used once only: it has effects on the scope's temporaries. */
export function emit(expression: PlanExpression, to: Emitter): string {
  const { scope } = to
  switch (expression.type) {
    case 'literal':
      return emitLiteral(expression, scope)
    case 'column':
      return scope.column(expression.name, expression.stream)
    case 'path': {
      const value = scope.temporary()
      // Most are plain objects, which their constructor tells fast.
      const plain = `${value}.constructor === ${scope.constant(Object)}`
      const isObject = `typeof (${value} = ${to.emit(expression.base)}) === "object" && ${value} !== null`
      const test = `${isObject} && (${plain} || ${scope.constant(isStruct)}(${value}))`
      const slow = `${scope.constant(pathOf(expression.name))}(${value})`
      return `(${test} ? ${scope.property(value, expression.name)} : ${slow})`
    }
    case 'index': {
      const { index } = expression
      const at = index.type === 'literal' ? index.value : undefined
      if (typeof at !== 'number' || !Number.isSafeInteger(at) || at < 0) {
        const args = `${to.emit(expression.base)}, ${to.emit(index)}`
        return `${scope.constant(elementAt)}(${args})`
      }
      const array = scope.temporary()
      const isThere = `${scope.constant(Array.isArray)}(${array} = ${to.emit(expression.base)}) && ${array}.length > ${at}`
      return `(${isThere} ? ${array}[${at}] : ${scope.constant(elementAt)}(${array}, ${at}))`
    }
    case 'slice':
      return emitSlice(expression, to)
    case 'negate': {
      const kind = kindOf(expression.operand.dataType)
      const value = scope.temporary()
      const slow = scope.constant(negation(kind))
      const fast = kind === 'float' ? `-${value}` : `0 - ${value}`
      const text = to.emit(expression.operand)
      return `(typeof (${value} = ${text}) === "number" ? ${fast} : ${slow}(${value}))`
    }
    case 'not': {
      const value = scope.temporary()
      const text = to.emit(expression.operand)
      const slow = scope.constant(not)
      return `(typeof (${value} = ${text}) === "boolean" ? !${value} : ${slow}(${value}))`
    }
    case 'binary':
      switch (expression.operator) {
        case 'AND':
          return emitAnd(expression, to)
        case 'OR':
          return emitOr(expression, to)
        case '=':
        case '!=':
        case '<':
        case '<=':
        case '>':
        case '>=':
          return emitComparison(expression, expression.operator, to)
        default:
          return emitArithmetic(expression, expression.operator, to)
      }
    case 'between': {
      const { operand, low, high } = expression
      const inside = between({
        atLeast: comparison('>=', operand.dataType, low.dataType, to.parseTime),
        atMost: comparison('<=', operand.dataType, high.dataType, to.parseTime),
        kind: kindOf(operand.dataType),
      })
      const [v, l, h] = [scope.temporary(), scope.temporary(), scope.temporary()]
      const texts = `${v} = ${to.emit(operand)}, ${l} = ${to.emit(low)}, ${h} = ${to.emit(high)}`
      const numbers = [v, l, h].map((name) => `typeof ${name} === "number"`).join(' && ')
      const slow = `${scope.constant(inside)}(${v}, ${l}, ${h})`
      const value = `(${texts}, ${numbers} ? ${v} >= ${l} && ${v} <= ${h} : ${slow})`
      return negated(value, expression.not, scope)
    }
    case 'in':
      return negated(emitIn(expression, to), expression.not, scope)
    case 'like': {
      const { operand, pattern } = expression
      const slow = scope.constant(like())
      if (pattern.type === 'literal' && typeof pattern.value === 'string') {
        const match = scope.constant(likeMatcher(pattern.value))
        const value = scope.temporary()
        const test = `typeof (${value} = ${to.emit(operand)}) === "string"`
        const otherwise = `${slow}(${value}, ${literalText(pattern.value)})`
        return negated(`(${test} ? ${match}(${value}) : ${otherwise})`, expression.not, scope)
      }
      const value = `${slow}(${to.emit(operand)}, ${to.emit(pattern)})`
      return negated(value, expression.not, scope)
    }
    case 'is-null': {
      const value = scope.temporary()
      const text = `(${value} = ${to.emit(expression.operand)})`
      return expression.not
        ? `(${text} !== null && ${value} !== undefined)`
        : `(${text} === null || ${value} === undefined)`
    }
    case 'case':
      return emitCase(expression, to)
    case 'call':
      return to.call(
        expression,
        expression.args.map((arg) => to.emit(arg)),
      )
    default:
      return expression satisfies never
  }
}

function emitLiteral({ value }: Literal, scope: Scope): string {
  return typeof value === 'bigint' ? scope.constant(value) : literalText(value)
}

function emitSlice({ base, from, to: end }: Slice, to: Emitter): string {
  const texts = [base, from, end].map((part, index) => {
    const text = part === undefined ? 'undefined' : to.emit(part)
    // A bound that is missing in the row is null, one that is missing in the statement is undefined.
    return index > 0 && part !== undefined ? `(${text} ?? null)` : text
  })
  return `${to.scope.constant(sliceOf)}(${texts.join(', ')})`
}

/** A set of so many literals and more is looked up instead of compared one by one. */
const leastSet = 9

function emitIn({ operand, list, set }: In, to: Emitter): string {
  const { scope } = to
  const value = to.emit(operand)
  if (list === undefined) {
    const equal = comparison('=', operand.dataType, { type: 'any' }, to.parseTime)
    const array = set === undefined ? 'null' : to.emit(set)
    return `${scope.constant(isInArray)}(${value}, ${array}, ${scope.constant(equal)})`
  }
  const element = list.find(({ dataType }) => dataType.type !== 'any')?.dataType ?? operand.dataType
  const equal = comparison('=', operand.dataType, element, to.parseTime)
  const literals = literalsOfOneType(list)
  if (literals === undefined || operand.dataType.type === 'datetime') {
    const texts = list.map((item) => to.emit(item))
    return `${scope.constant(isIn)}(${value}, [${texts.join(', ')}], ${scope.constant(equal)})`
  }
  const v = scope.temporary()
  const type = typeof literals[0]
  const test =
    literals.length < leastSet
      ? literals.map((literal) => `${v} === ${literalText(literal)}`).join(' || ')
      : `${scope.constant(new Set<unknown>(literals))}.has(${v})`
  const slow = `${scope.constant(isIn)}(${v}, ${scope.constant(literals)}, ${scope.constant(equal)})`
  return `(typeof (${v} = ${value}) === "${type}" ? (${test}) : ${slow})`
}

function literalsOfOneType(
  list: readonly PlanExpression[],
): readonly (string | number)[] | undefined {
  const literals: (string | number)[] = []
  for (const item of list) {
    if (item.type !== 'literal') return undefined
    const { value } = item
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    if (literals.length > 0 && typeof value !== typeof literals[0]) return undefined
    literals.push(value)
  }
  return literals.length === 0 ? undefined : literals
}

function emitCase(expression: Case, to: Emitter): string {
  const { scope } = to
  const otherwise = expression.otherwise === undefined ? 'null' : to.emit(expression.otherwise)
  const { value } = expression
  if (value === undefined) {
    const branches = expression.whens.map(({ condition, result }) => {
      const holds = scope.temporary()
      const test = `(${holds} = ${to.emit(condition)}) === true`
      const wrong = `${scope.constant(caseCondition)}(${holds})`
      return `${test} || ${wrong} ? ${to.emit(result)} : `
    })
    return `(${branches.join('')}${otherwise})`
  }
  const v = scope.temporary()
  const branches = expression.whens.map(({ condition, result }) => {
    const equal = comparison('=', value.dataType, condition.dataType, to.parseTime)
    if (condition.type === 'literal' && isPlain(condition) && value.dataType.type !== 'datetime') {
      const [literal, type] = [to.emit(condition), typeof condition.value]
      const slow = `${scope.constant(equal)}(${v}, ${literal}) === true`
      return `(typeof ${v} === "${type}" ? ${v} === ${literal} : ${slow}) ? ${to.emit(result)} : `
    }
    const w = scope.temporary()
    const same = `(${w} = ${to.emit(condition)}) === ${v} && typeof ${v} !== "object"`
    const slow = `${scope.constant(equal)}(${v}, ${w}) === true`
    return `(${same} && ${v} !== undefined || ${slow}) ? ${to.emit(result)} : `
  })
  return `(${v} = ${to.emit(value)}, ${branches.join('')}${otherwise})`
}

/** Equal to what is the same value, where types are alike. */
function isPlain({ value, dataType }: Literal): boolean {
  return dataType.type !== 'datetime' && (typeof value === 'string' || typeof value === 'number')
}

function negated(text: string, isNegated: boolean, scope: Scope): string {
  if (!isNegated) return text
  const value = scope.temporary()
  return `((${value} = ${text}) === null ? null : !${value})`
}
