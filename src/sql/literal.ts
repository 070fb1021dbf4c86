import type { Expression, Literal, Position } from './ast.ts'

/** A whole number, as a bigint where a number could not hold it. */
export function integerLiteral(digits: string, at: Position): Literal {
  const number = Number(digits)
  const value = Number.isSafeInteger(number) ? number : BigInt(digits)
  return { type: 'literal', at, value, kind: 'bigint' }
}

export function decimalLiteral(text: string, at: Position): Literal {
  return { type: 'literal', at, value: Number(text), kind: 'float' }
}

/** A minus before an expression; before a number it is part of the number. */
export function negated(operand: Expression, at: Position): Expression {
  const isNumber = operand.type === 'literal' && ['bigint', 'float'].includes(operand.kind)
  if (isNumber) return { ...negative(operand), at }
  return { type: 'unary', at, operator: '-', operand }
}

/** The number with the other sign; there is no negative zero. */
export function negative(literal: Literal): Literal {
  const { value } = literal
  if (typeof value === 'bigint') return { ...literal, value: -value }
  return typeof value === 'number' && value !== 0 ? { ...literal, value: -value } : literal
}
