import type { DataType } from '#src/plan/types.ts'
import type { BinaryOperator } from '#src/sql/ast.ts'
import { describe, invalidOperation, RowError, typeName } from './errors.ts'
import { kindOf } from './kinds.ts'

export type ComparisonOperator = Extract<BinaryOperator, '=' | '!=' | '<' | '<=' | '>' | '>='>

/** True, false, or null: unknown. */
export type Comparison = (left: unknown, right: unknown) => boolean | null

/** Milliseconds of a text that may be a time; `undefined` when it is none. */
export type TimeParser = (text: string) => number | undefined

/**
 * A comparison of any two values; generated code calls it when its own fast path does not apply. Numbers compare by value,
 * BIGINT exactly; texts by code units; booleans are equal or not; a DATETIME compares with a number or a text that is a time.
 */
export function comparison(
  operator: ComparisonOperator,
  left: DataType,
  right: DataType,
  parseTime: TimeParser,
): Comparison {
  const decide = verdicts[operator]
  const isTime = left.type === 'datetime' || right.type === 'datetime'
  return (a, b) => {
    if (a === null || a === undefined || b === null || b === undefined) return null
    if (isTime) return decide(order(time(a, parseTime), time(b, parseTime)))
    const type = typeof a
    if (isNumeric(type) ? isNumeric(typeof b) : type === 'string' && typeof b === 'string') {
      return decide(order(a as number, b as number)) // both of one orderable type
    }
    if (type === 'boolean' && typeof b === 'boolean' && (operator === '=' || operator === '!=')) {
      return (a === b) === (operator === '=')
    }
    throw unlike(operator, a, b, left, right)
  }
}

function unlike(
  operator: string,
  a: unknown,
  b: unknown,
  left: DataType,
  right: DataType,
): RowError {
  if (typeof a === 'object' && typeof b === 'object') {
    const name = typeName(a, 'float')
    return new RowError('invalid-operation', `${operator} is an invalid operation for ${name}`)
  }
  return invalidOperation(operator, describe(a, kindOf(left)), describe(b, kindOf(right)))
}

function isNumeric(type: string): boolean {
  return type === 'number' || type === 'bigint'
}

/** Below 0, 0 or above 0; NaN, which is neither, when one of them is NaN. */
function order(a: number | string, b: number | string): number {
  if (a < b) return -1
  if (a > b) return 1
  return a >= b ? 0 : Number.NaN
}

const verdicts: Record<ComparisonOperator, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function time(value: unknown, parseTime: TimeParser): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  const ms = typeof value === 'string' ? parseTime(value) : undefined
  if (ms !== undefined) return ms
  throw new RowError('invalid-operation', `cannot compare ${describe(value, 'float')} with a time`)
}
