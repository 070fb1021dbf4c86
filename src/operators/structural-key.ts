import { Buffer } from 'node:buffer'

/**
 * What a value is compared by when rows are grouped, partitioned or made distinct: `1` and `"1"` are two keys, `5` and
 * `5n` are one, null and a missing value are one, arrays and objects are compared by what they hold. The result is fit
 * for a Map or Set: primitives stand for themselves, anything else for text that no primitive is taken for.
 */
export function structuralKey(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      // The mark of composite keys is doubled, so that no text can be taken for one.
      return value.charCodeAt(0) === 0 ? `\0${value}` : value
    case 'number':
    case 'boolean':
      return value
    case 'bigint':
      return isSafe(value) ? Number(value) : value
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : `\0\x01${canonical(value)}`
    default:
      return `\0\x02${String(value)}`
  }
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
}

/** Text that is equal exactly for equal values; keys of objects in their order of code units. */
function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '0' : String(value)
    case 'bigint':
      return isSafe(value) ? String(value) : `${value}n`
    case 'boolean':
      return String(value)
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
      if (value instanceof Uint8Array) return `b"${Buffer.from(value).toString('base64')}"`
      return canonicalObject(value as Readonly<Record<string, unknown>>)
    default:
      return 'null'
  }
}

function canonicalObject(value: Readonly<Record<string, unknown>>): string {
  const fields: string[] = []
  for (const name of Object.keys(value).sort()) {
    if (value[name] !== undefined) fields.push(`${JSON.stringify(name)}:${canonical(value[name])}`)
  }
  return `{${fields.join(',')}}`
}
