import type { Binary, PlanExpression } from '#src/plan/expression.ts'
import type { DataType } from '#src/plan/types.ts'
import { type ArithmeticOperator, arithmetic } from './arithmetic.ts'
import { type ComparisonOperator, comparison } from './compare.ts'
import type { Emitter } from './emitter.ts'
import { joinKinds, kindOf, type NumberKind } from './kinds.ts'

/** The text of an operand that is evaluated once, and the name by which to use it any number of times. */
interface Operand {
  /** Empty for what needs no evaluation: numbers, short texts, columns. */
  readonly evaluate: string
  readonly name: string
  /** `typeof` of a literal. */
  readonly literal: string | undefined
}

function operandOf(expression: PlanExpression, to: Emitter): Operand {
  const text = to.emit(expression)
  if (expression.type === 'literal' && expression.value !== null) {
    return { evaluate: '', name: text, literal: typeof expression.value }
  }
  if (expression.type === 'column') return { evaluate: '', name: text, literal: undefined }
  const name = to.scope.temporary()
  return { evaluate: `${name} = ${text}, `, name, literal: undefined }
}

export function emitArithmetic(
  { left, right }: Binary,
  operator: ArithmeticOperator,
  to: Emitter,
): string {
  const a = operandOf(left, to)
  const b = operandOf(right, to)
  const [leftKind, rightKind] = [kindOf(left.dataType), kindOf(right.dataType)]
  const general = arithmetic(operator, leftKind, rightKind)
  const slow = `${to.scope.constant(general)}(${a.name}, ${b.name})`
  const fast = fastArithmetic(operator, a, b, joinKinds(leftKind, rightKind), to)
  return `(${a.evaluate}${b.evaluate}${fast === undefined ? slow : `${fast} : ${slow}`})`
}

/** `condition ? value`, where value is the operation of JavaScript and right whenever the condition holds. */
function fastArithmetic(
  operator: ArithmeticOperator,
  a: Operand,
  b: Operand,
  kind: NumberKind,
  to: Emitter,
): string | undefined {
  const numbers = bothAre('number', a, b)
  if (numbers === undefined) return undefined
  const plain = `${a.name} ${operator} ${b.name}`
  if (operator === '&' || operator === '|' || operator === '^') {
    // A FLOAT has no bits, even when its value is whole.
    if (kind === 'float') return undefined
    const small = [a, b].map(({ name }) => `(${name} | 0) === ${name}`).join(' && ')
    return `${numbers} && ${small} ? ${plain}`
  }
  const divides = operator === '/' || operator === '%'
  const safe = divides && b.literal === undefined ? `${numbers} && ${b.name} !== 0` : numbers
  if (divides && b.literal !== undefined && Number(b.name) === 0) return undefined
  if (kind === 'float') return `${safe} ? ${plain}`
  if (kind === 'dynamic' && operator !== '%') return dynamicArithmetic(operator, a, b, safe)
  const result = to.scope.temporary()
  const isSafe = `(${result} = ${operator === '/' ? `Math.trunc(${plain})` : plain})`
  // `+ 0` makes -0, which is no integer, 0.
  if (divides) {
    if (kind === 'dynamic') return `${safe} ? ${plain}`
    return `${safe} && ${inSafeRange(isSafe, result)} ? ${result} + 0`
  }
  return `${safe} && ${inSafeRange(isSafe, result)} ? ${result} + 0`
}

/** Whole numbers stay whole while they are safe; `/` of two of them is left to the general function. */
function dynamicArithmetic(
  operator: ArithmeticOperator,
  a: Operand,
  b: Operand,
  safe: string,
): string | undefined {
  if (operator === '/') return undefined
  const inRange = `${a.name} ${operator} ${b.name}`
  return `${safe} && ${inRange} <= 9007199254740991 && ${inRange} >= -9007199254740991 ? ${inRange}`
}

function inSafeRange(assignment: string, name: string): string {
  return `${assignment} <= 9007199254740991 && ${name} >= -9007199254740991`
}

/** The condition under which both operands have that type; `undefined` when a literal rules it out. */
function bothAre(type: string, a: Operand, b: Operand): string | undefined {
  const tests: string[] = []
  for (const { literal, name } of [a, b]) {
    if (literal === undefined) tests.push(`typeof ${name} === "${type}"`)
    else if (literal !== type) return undefined
  }
  return tests.length === 0 ? 'true' : tests.join(' && ')
}

export function emitComparison(
  { left, right }: Binary,
  operator: ComparisonOperator,
  to: Emitter,
): string {
  const a = operandOf(left, to)
  const b = operandOf(right, to)
  const general = comparison(operator, left.dataType, right.dataType, to.parseTime)
  const slow = `${to.scope.constant(general)}(${a.name}, ${b.name})`
  const type = a.literal ?? b.literal ?? likelyType(left.dataType, right.dataType)
  const tests = type === 'bigint' ? undefined : bothAre(type, a, b)
  if (tests === undefined || isSpecial(type, operator, left.dataType, right.dataType)) {
    return `(${a.evaluate}${b.evaluate}${slow})`
  }
  const fast = `${a.name} ${symbols[operator]} ${b.name}`
  return `(${a.evaluate}${b.evaluate}${tests} ? ${fast} : ${slow})`
}

const symbols: Record<ComparisonOperator, string> = {
  '=': '===',
  '!=': '!==',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

function likelyType(left: DataType, right: DataType): string {
  for (const { type } of [left, right]) {
    if (type === 'string' || type === 'boolean') return type
  }
  return 'number'
}

/** Text next to a DATETIME is a time, and booleans have no order: the general function knows. */
function isSpecial(
  type: string,
  operator: ComparisonOperator,
  left: DataType,
  right: DataType,
): boolean {
  if (type === 'boolean') return operator !== '=' && operator !== '!='
  return type === 'string' && (left.type === 'datetime' || right.type === 'datetime')
}
