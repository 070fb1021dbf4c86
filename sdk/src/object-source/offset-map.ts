/** What may stand in the place of an object or in the offset within it. */
export type OffsetValue = string | number | bigint | boolean | null
export type OffsetMap = Readonly<Record<string, OffsetValue>>

/** An offset as a checkpoint carries it: JSON, in which a bigint is `{ n: '…' }`. */
export type PackedMap = Readonly<
  Record<string, Exclude<OffsetValue, bigint> | { readonly n: string }>
>

/** A frozen copy without a prototype's help: `__proto__` is a name like any other. */
export function copyMap(map: OffsetMap): OffsetMap {
  return Object.freeze(Object.fromEntries(Object.entries(map)))
}

/**
 * A text that is the same for equal maps: names sorted, types told apart, but a whole number the same as its bigint, so
 * that `5` and `5n` are one key.
 */
export function mapKey(map: OffsetMap): string {
  const names = Object.keys(map).sort()
  return JSON.stringify(names.map((name) => [name, tagged(map[name] ?? null)]))
}

function tagged(value: OffsetValue): unknown {
  if (typeof value === 'bigint') return { n: String(value) }
  if (typeof value === 'number' && Number.isInteger(value)) return { n: String(BigInt(value)) }
  return typeof value === 'number' && !Number.isFinite(value) ? { f: String(value) } : value
}

export function packMap(map: OffsetMap): PackedMap {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? { n: String(value) } : value,
    ]),
  )
}

export function unpackMap(map: PackedMap): OffsetMap {
  return copyMap(
    Object.fromEntries(
      Object.entries(map).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null ? BigInt(value.n) : value,
      ]),
    ),
  )
}
