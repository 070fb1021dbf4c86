import { Buffer } from 'node:buffer'
import { JsonText } from '#src/flow/encode/json-text.ts'
import { toText } from '#src/functions/values.ts'
import { TemplateError } from './template.ts'

const json = new JsonText((time) => String(time))

export function jsonOf(value: unknown): string {
  return json.value(value) ?? 'null'
}

/** As Go's `%v` prints it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '<no value>'
  return toText(value)
}

/** Neither false, 0, empty nor nothing. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return false
  if (value === 0 || value === 0n) return false
  return typeof value !== 'object' || sizeOf(value) > 0
}

export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new TemplateError(`len of ${textOf(value)}`)
}

/** A field of an object; of nothing, nothing. */
export function fieldOf(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new TemplateError(`can't evaluate field ${name} in ${textOf(value)}`)
  }
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

export function numberOf(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'bigint') return Number(number)
  if (typeof number === 'number' && !Number.isNaN(number)) return number
  if (number === null || number === undefined) return 0
  throw new TemplateError(`${textOf(value)} is no number`)
}

/** Below, at or above 0. @throws TemplateError for values that have no order between them */
export function compare(a: unknown, b: unknown): number {
  const [left, right] = [comparable(a), comparable(b)]
  if (typeof left !== typeof right) {
    throw new TemplateError(`incompatible types for comparison: ${textOf(a)} and ${textOf(b)}`)
  }
  if (left < right) return -1
  return left > right ? 1 : 0
}

export function isEqual(a: unknown, b: unknown): boolean {
  const isNothing = (value: unknown) => value === null || value === undefined
  if (isNothing(a) || isNothing(b)) return isNothing(a) && isNothing(b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return a === b
  return compare(a, b) === 0
}

function comparable(value: unknown): number | string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  throw new TemplateError(`${textOf(value)} has no order`)
}
