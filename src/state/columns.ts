import { deserialize, serialize } from 'node:v8'
import { setOwn } from '#src/own-property.ts'

/**
 * Values of the state column by column: what can be told as numbers stands in a Float64Array, equal-shaped records as a
 * column per field. Serializing and restoring columns is several times as fast as an object per entry. Whatever fits no
 * column is serialized at once, so that nothing in a snapshot can change later.
 */
type Packed =
  | { readonly column: 'numbers'; readonly values: Float64Array }
  | { readonly column: 'texts'; readonly values: readonly (string | null)[] }
  | {
      readonly column: 'records'
      readonly count: number
      readonly names: readonly string[]
      readonly fields: readonly unknown[]
    }
  | { readonly column: 'any'; readonly bytes: Uint8Array }

export function packColumn(values: readonly unknown[]): unknown {
  const packed: Packed = numbers(values) ??
    texts(values) ??
    records(values) ?? { column: 'any', bytes: serialize(values) }
  return packed
}

/** The same of columns that follow one another; of each the values before its count. */
export function packParts(
  parts: readonly { readonly values: readonly unknown[]; readonly count: number }[],
): unknown {
  const length = parts.reduce((sum, { count }) => sum + count, 0)
  const column = new Float64Array(length)
  let at = 0
  for (const { values, count } of parts) {
    for (let i = 0; i < count; i++) {
      const value = values[i]
      if (typeof value !== 'number') {
        return packColumn(parts.flatMap((part) => part.values.slice(0, part.count)))
      }
      column[at++] = value
    }
  }
  return { column: 'numbers', values: column } satisfies Packed
}

export function unpackColumn(state: unknown): unknown[] {
  const packed = state as Packed // what packColumn made
  switch (packed.column) {
    case 'numbers':
      return Array.from(packed.values)
    case 'texts':
      return [...packed.values]
    case 'records':
      return unpackRecords(packed)
    case 'any':
      return deserialize(packed.bytes) as unknown[]
    default:
      packed satisfies never
      return []
  }
}

function numbers(values: readonly unknown[]): Packed | undefined {
  const column = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number') return undefined
    column[i] = value
  }
  return { column: 'numbers', values: column }
}

function texts(values: readonly unknown[]): Packed | undefined {
  for (const value of values) if (typeof value !== 'string' && value !== null) return undefined
  return { column: 'texts', values: [...(values as (string | null)[])] } // checked above
}

/** Plain objects that all have the same fields in the same order. */
function records(values: readonly unknown[]): Packed | undefined {
  const first = values[0]
  if (!isRecord(first)) return undefined
  const names = Object.keys(first)
  const columns: unknown[][] = names.map(() => [])
  for (const value of values) {
    if (!isRecord(value)) return undefined
    let i = 0
    for (const name in value) {
      if (name !== names[i]) return undefined
      columns[i]?.push(value[name])
      i++
    }
    if (i !== names.length) return undefined
  }
  return { column: 'records', count: values.length, names, fields: columns.map(packColumn) }
}

function unpackRecords({ count, names, fields }: Packed & { column: 'records' }): unknown[] {
  const columns = fields.map(unpackColumn)
  return Array.from({ length: count }, (_, row) => {
    const record: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) setOwn(record, names[i] as string, columns[i]?.[row])
    return record
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)
  )
}
