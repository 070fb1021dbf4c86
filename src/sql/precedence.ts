import type { BinaryOperator } from './ast.ts'

/** How tight an operator binds; a higher level binds tighter. Equal levels group from the left. */
export const level = {
  or: 1,
  and: 2,
  /** Comparisons, IN, BETWEEN, LIKE, IS NULL. Prefix NOT takes one of these as its operand. */
  comparison: 3,
  sum: 4,
  product: 5,
} as const

const levels: ReadonlyMap<string, readonly [BinaryOperator, number]> = new Map(
  [
    [level.or, ['OR']],
    [level.and, ['AND']],
    [level.comparison, ['=', '!=', '<', '<=', '>', '>=']],
    [level.sum, ['+', '-', '|', '^']],
    [level.product, ['*', '/', '%', '&']],
  ].flatMap(([value, operators]) =>
    (operators as BinaryOperator[]).map(
      (operator) => [operator, [operator, value as number] as const] as const,
    ),
  ),
)

/** The operator and its level, or nothing for a sign that is no binary operator. */
export function binaryOperator(sign: string): readonly [BinaryOperator, number] | undefined {
  return levels.get(sign)
}
