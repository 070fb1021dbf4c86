import type { BinaryOperator } from './ast.ts'

/** How tight an operator binds; a higher level binds tighter. Equal levels group from the left. */
export const level = {
  or: 1,
  and: 2,
  /** Prefix NOT. */
  not: 3,
  /** Also IN, BETWEEN, LIKE and IS NULL. */
  comparison: 4,
  sum: 5,
  product: 6,
  /** Unary minus, paths, subscripts and all that is no operator. */
  operand: 7,
} as const

const levels: Readonly<Record<BinaryOperator, number>> = {
  OR: level.or,
  AND: level.and,
  '=': level.comparison,
  '!=': level.comparison,
  '<': level.comparison,
  '<=': level.comparison,
  '>': level.comparison,
  '>=': level.comparison,
  '+': level.sum,
  '-': level.sum,
  '|': level.sum,
  '^': level.sum,
  '*': level.product,
  '/': level.product,
  '%': level.product,
  '&': level.product,
}

export function isBinaryOperator(sign: string): sign is BinaryOperator {
  return Object.hasOwn(levels, sign)
}

export function levelOfOperator(operator: BinaryOperator): number {
  return levels[operator]
}
