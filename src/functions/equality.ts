import { isStruct } from '#src/expressions/access.ts'
import { isNull } from './values.ts'

/** Whether two values are the same, structurally; 1 and 1n are, 1 and '1' are not; nulls are equal. */
export function isSame(a: unknown, b: unknown): boolean {
  if (isNull(a) || isNull(b)) return isNull(a) && isNull(b)
  if (typeof a !== 'object' || typeof b !== 'object') return a === b || keyOf(a) === keyOf(b)
  return keyOf(a) === keyOf(b)
}

/**
 * A key that two values share exactly when they are the same. Scalars are their own key, but for bigints that a number
 * could hold.
 */
export function keyOf(value: unknown): unknown {
  if (isNull(value)) return null
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : value
  if (typeof value === 'number') return value === 0 ? 0 : value
  return typeof value === 'object' ? `\u0000${structuralText(value)}` : value
}

function structuralText(value: unknown): string {
  if (value instanceof Uint8Array) return `b${Array.from(value).join(',')}`
  if (Array.isArray(value)) return `[${value.map(structuralText).join(',')}]`
  if (isStruct(value)) {
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${JSON.stringify(key)}:${structuralText(value[key])}`).join(',')}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  return String(keyOf(value))
}

/** Order of values of any types: numbers, then texts, then the others; nulls last. */
export function compareValues(a: unknown, b: unknown): number {
  const rank = rankOf(a) - rankOf(b)
  if (rank !== 0) return rank
  const [left, right] = [a as number, b as number] // of one rank: comparable, or equal for what has no order
  if (left < right) return -1
  return left > right ? 1 : 0
}

function rankOf(value: unknown): number {
  if (isNull(value)) return 4
  if (typeof value === 'number' || typeof value === 'bigint') return 0
  if (typeof value === 'string') return 1
  return typeof value === 'boolean' ? 2 : 3
}
