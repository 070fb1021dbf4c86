/** About how many bytes plain data take in memory: enough to hold a bound against, and fast. Shared parts count once. */
export function sizeOf(value: unknown): number {
  const seen = new Set<object>()
  const left: unknown[] = [value]
  let bytes = 0
  while (left.length > 0) {
    const next = left.pop()
    bytes += ownSize(next)
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) continue
    if (next instanceof Map) for (const [key, item] of next) left.push(key, item)
    else if (next instanceof Set || Array.isArray(next)) for (const item of next) left.push(item)
    else {
      for (const name of Object.keys(next)) {
        bytes += name.length
        left.push((next as Record<string, unknown>)[name])
      }
    }
  }
  return bytes
}

const REFERENCE_BYTES = 8
const OBJECT_BYTES = 16

function ownSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return REFERENCE_BYTES + value.length
    case 'bigint':
      return REFERENCE_BYTES * 2
    case 'object':
      if (value === null) return REFERENCE_BYTES
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
        return OBJECT_BYTES + value.byteLength
      }
      return OBJECT_BYTES
    default:
      return REFERENCE_BYTES
  }
}
