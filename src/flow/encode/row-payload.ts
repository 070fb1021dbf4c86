import { Buffer } from 'node:buffer'
import type { Row } from '@plutino/sdk'

const { parse, stringify } = JSON
const { entries, fromEntries, keys, values } = Object
const Bytes = Uint8Array
const DateOf = Date

/**
 * Rows for a plugin's sink as text, while the host keeps them: a JSON array of them. What JSON has no word for is an object
 * with one key: `{"$bytes": "base64"}`, `{"$bigint": "12"}`, `{"$number": "NaN"}`, `{"$date": ms}`; an object that looks
 * like one of these stands in `{"$object": …}`. So rows come back as they were, but for properties that are `undefined`.
 */
export function rowPayload(rows: readonly Row[]): string {
  const isAllPlain = rows.every((row) => values(row).every(isPlain))
  return stringify(isAllPlain ? rows : rows.map((row) => mapped(row, tagged)))
}

/** What `rowPayload` was given; of a dead letter, which is an object, one row. */
export function payloadRows(payload: Uint8Array): Row[] {
  const { buffer, byteOffset, byteLength } = payload
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('utf8')
  const value = parse(text) as Row[] | Row // written above, or by the host
  const rows = Array.isArray(value) ? value : [value]
  return text.includes('{"$') ? rows.map((row) => mapped(row, untagged) as Row) : rows
}

/** JSON gives it back as it is. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value)
    case 'bigint':
      return false
    case 'object':
      if (value === null) return true
      if (Array.isArray(value)) return value.every((part) => part !== undefined && isPlain(part))
      if (value instanceof Bytes || value instanceof DateOf || looksTagged(value)) return false
      return values(value).every(isPlain)
    default:
      return true
  }
}

function tagged(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : { $number: `${value}` }
    case 'bigint':
      return { $bigint: `${value}` }
    case 'object': {
      if (value === null) return null
      if (value instanceof Bytes) return { $bytes: base64Of(value) }
      if (value instanceof DateOf) return { $date: value.getTime() }
      if (Array.isArray(value)) return value.map(tagged)
      const inner = mapped(value, tagged)
      return looksTagged(value) ? { $object: inner } : inner
    }
    default:
      return value
  }
}

function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(untagged)
  if (!looksTagged(value)) return mapped(value, untagged)
  const [[tag, inner] = ['', undefined]] = entries(value)
  switch (tag) {
    case '$number':
      return Number(inner)
    case '$bigint':
      return BigInt(`${inner}`)
    case '$bytes':
      return new Bytes(Buffer.from(`${inner}`, 'base64'))
    case '$date':
      return new DateOf(inner === null ? Number.NaN : Number(inner))
    default:
      return mapped(inner as object, untagged) // `$object`: nothing else was written
  }
}

function mapped(value: object, change: (part: unknown) => unknown): Record<string, unknown> {
  return fromEntries(entries(value).map(([key, part]) => [key, change(part)]))
}

function looksTagged(value: object): boolean {
  const names = keys(value)
  return names.length === 1 && names[0]?.startsWith('$') === true
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
