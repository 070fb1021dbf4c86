/**
 * True where JSON gives the value back as it is: of texts, finite numbers, arrays and plain objects. A property that is
 * `undefined` reads like one that is not there.
 *
 * Properties are read here, and by `JSON.stringify` once more: what may answer differently the second time, or run
 * somebody else's code, has to be copied before.
 */
export function isLossless(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || areLossless(value)
    default:
      return false
  }
}

/** Of arrays and plain objects: dates, byte arrays and instances of classes have their own idea of JSON. */
function areLossless(value: object): boolean {
  if (Array.isArray(value)) {
    for (const part of value) if (part === undefined || !isLossless(part)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name in value) {
    if (!isLossless((value as Record<string, unknown>)[name])) return false
  }
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}
