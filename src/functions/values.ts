import { isStruct } from '#src/expressions/access.ts'
import { display, RowError } from '#src/expressions/errors.ts'

/** The largest text, array or decompressed value that a function makes. */
export const largestLength = 1_048_576

export function wrong(message: string): RowError {
  return new RowError('wrong-argument', message)
}

/** @throws RowError before more memory is taken than one row may have */
export function checkLength(length: number, what: string): void {
  if (length <= largestLength) return
  throw new RowError('too-large', `${what} of ${length} is larger than ${largestLength}`)
}

export function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

/** A value as text: the words of the peer, structs and arrays as it prints them. */
export function toText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return numberText(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return compositeText(value)
  }
}

function compositeText(value: unknown): string {
  if (isNull(value)) return '<nil>'
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return `[${value.map(toText).join(' ')}]`
  if (!isStruct(value)) throw wrong(`cannot convert ${typeof value} to string`)
  const entries = Object.keys(value).sort()
  return `map[${entries.map((key) => `${key}:${toText(value[key])}`).join(' ')}]`
}

/** Without an exponent, whatever the size. */
function numberText(value: number): string {
  const usual = String(value)
  if (!usual.includes('e')) return usual
  if (Number.isInteger(value)) return BigInt(value).toString()
  const [mantissa = '', exponent = '0'] = usual.split('e')
  const places = Math.abs(Number(exponent))
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace('-', '').replace('.', '')
  return `${sign}0.${'0'.repeat(places - 1)}${digits}`
}

export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw wrong('only float64 & int type are supported')
}

/** A whole number small enough to count with. */
export function toCount(value: unknown, what: string): number {
  const count = typeof value === 'bigint' ? Number(value) : value
  if (typeof count === 'number' && Number.isSafeInteger(count)) return count
  throw wrong(`${what} should be int but got ${display(value)}`)
}

export function toArray(value: unknown, what = 'first argument'): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(`${what} should be array of interface{}`)
}

export function toStruct(
  value: unknown,
  what = 'first argument',
): Readonly<Record<string, unknown>> {
  if (isStruct(value)) return value
  throw wrong(`${what} should be map[string]interface{}`)
}

/** Bytes of a text or of bytes. */
export function toBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new TextEncoder().encode(toText(value))
}

/** An object whose properties are data only: `__proto__` is one like any other. */
export function structFrom(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(entries)
}
