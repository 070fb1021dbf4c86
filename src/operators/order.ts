import { Buffer } from 'node:buffer'

/**
 * The order of SQL values: numbers (and bigints) by value, text by code unit, false before true, bytes byte by byte.
 * Values of different kinds stand in the order boolean, number, text, bytes, others; null is left to the caller.
 */
export function compareValues(a: unknown, b: unknown): number {
  const rankOfA = rank(a)
  const rankOfB = rank(b)
  if (rankOfA !== rankOfB) return rankOfA - rankOfB
  switch (rankOfA) {
    case BOOLEAN:
      return Number(a) - Number(b)
    case NUMBER:
      return compareNumbers(a as number | bigint, b as number | bigint)
    case TEXT:
      return (a as string) < (b as string) ? -1 : (a as string) > (b as string) ? 1 : 0
    case BYTES:
      return Buffer.compare(a as Uint8Array, b as Uint8Array)
    default:
      return 0
  }
}

export function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

const BOOLEAN = 0
const NUMBER = 1
const TEXT = 2
const BYTES = 3
const OTHER = 4

function rank(value: unknown): number {
  switch (typeof value) {
    case 'boolean':
      return BOOLEAN
    case 'number':
    case 'bigint':
      return NUMBER
    case 'string':
      return TEXT
    default:
      return value instanceof Uint8Array ? BYTES : OTHER
  }
}

/** NaN stands behind all other numbers, so that the order is total. */
function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1
  if (a > b) return 1
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  return Number.isNaN(b) ? -1 : 0
}
