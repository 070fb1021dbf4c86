import type { NumberKind } from './kinds.ts'

/** What can be wrong with one row. A code never changes its meaning: clients switch on it. */
export const rowErrorCodes = [
  'invalid-operation',
  'divided-by-zero',
  'out-of-range',
  'not-boolean',
  'wrong-argument',
  'too-large',
  'not-available',
] as const

export type RowErrorCode = (typeof rowErrorCodes)[number]

/** One row cannot be evaluated: it is counted and skipped, and the flow goes on with the next. The wording is the peer's. */
export class RowError extends Error {
  override readonly name = 'RowError'
  readonly code: RowErrorCode

  constructor(code: RowErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export function invalidOperation(operator: string, left: string, right: string): RowError {
  return new RowError('invalid-operation', `invalid operation ${left} ${operator} ${right}`)
}

/** Texts in messages are cut: an error must stay readable, and small. */
const longestText = 200

/** Type and value as messages show them: `int64(1)`, `string(a)`. */
export function describe(value: unknown, kind: NumberKind): string {
  return `${typeName(value, kind)}(${display(value)})`
}

export function typeName(value: unknown, kind: NumberKind): string {
  switch (typeof value) {
    case 'number':
      return kind !== 'float' && Number.isSafeInteger(value) ? 'int64' : 'float64'
    case 'bigint':
      return 'int64'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    default:
      return objectName(value)
  }
}

function objectName(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  return value instanceof Uint8Array ? '[]uint8' : 'map[string]interface {}'
}

/** A value as messages show it. */
export function display(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? safeJson(value) : String(value)
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

function safeJson(value: object): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  )
}
