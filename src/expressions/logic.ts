import { describe, invalidOperation, RowError } from './errors.ts'

type Logical = boolean | null

/** AND of two values of which the left one is not false; SQL's three values. */
export function and(left: unknown, right: unknown): Logical {
  const [a, b] = both('AND', left, right)
  if (a === false || b === false) return false
  return a === null || b === null ? null : true
}

/** OR of two values of which the left one is not true; SQL's three values. */
export function or(left: unknown, right: unknown): Logical {
  const [a, b] = both('OR', left, right)
  if (a === true || b === true) return true
  return a === null || b === null ? null : false
}

export function not(value: unknown): Logical {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return !value
  throw new RowError('not-boolean', `invalid operation NOT ${describe(value, 'dynamic')}`)
}

/** A condition that is neither true, false nor unknown. */
export function condition(value: unknown): false {
  if (value === null || value === undefined || value === false) return false
  throw new RowError(
    'not-boolean',
    `invalid condition that returns non-bool value ${describe(value, 'dynamic')}`,
  )
}

export function caseCondition(value: unknown): false {
  if (value === null || value === undefined || value === false) return false
  throw new RowError(
    'not-boolean',
    'invalid CASE expression, WHEN expression must be a bool condition',
  )
}

function both(operator: string, left: unknown, right: unknown): [Logical, Logical] {
  if (!isLogical(left) || !isLogical(right)) {
    throw invalidOperation(operator, describe(left, 'dynamic'), describe(right, 'dynamic'))
  }
  return [left ?? null, right ?? null]
}

function isLogical(value: unknown): value is boolean | null | undefined {
  return value === null || value === undefined || typeof value === 'boolean'
}
