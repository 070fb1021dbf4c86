import { type Encoding, encodingOf } from './encoding.ts'
import { outOfBounds, unknownEncoding, wrongType } from './faults.ts'
import { type Bytes, isBytes, memoryOf, RealBytes, sizeOf, startOf, uncurried } from './memory.ts'

type Find = (
  hay: Bytes,
  value: number | string | Bytes,
  offset: number | undefined,
  end: number,
  encoding: Encoding,
) => number

const { indexOf, lastIndexOf } = Buffer.prototype
const findFirst = uncurried(indexOf as never) as unknown as Find
const findLast = uncurried(lastIndexOf as never) as unknown as Find

const FURTHEST = 2 ** 31 - 1

export const searches = {
  indexOf(this: Bytes, value: unknown, offset?: unknown, end?: unknown, encoding?: unknown) {
    return find(findFirst, this, value, offset, end, encoding)
  },
  lastIndexOf(this: Bytes, value: unknown, offset?: unknown, end?: unknown, encoding?: unknown) {
    return find(findLast, this, value, offset, end, encoding)
  },
  includes(this: Bytes, value: unknown, offset?: unknown, end?: unknown, encoding?: unknown) {
    return find(findFirst, this, value, offset, end, encoding) !== -1
  },
}

function find(
  native: Find,
  self: Bytes,
  value: unknown,
  offset: unknown,
  end: unknown,
  encoding: unknown,
): number {
  const name =
    typeof offset === 'string' ? offset : typeof end === 'string' ? end : (encoding ?? undefined)
  const from = typeof offset === 'string' ? undefined : offsetOf(offset)
  const known = name === undefined ? 'utf8' : encodingOf(name)
  if (typeof value === 'string') {
    if (known === undefined) throw unknownEncoding(name)
  } else if (typeof value !== 'number' && !isBytes(value)) {
    throw wrongType(
      'value',
      'of type number or string or an instance of Buffer or Uint8Array',
      value,
    )
  }
  // Conversions above may have run code of the plugin's: the size is taken last.
  const stop = typeof end === 'number' ? end : undefined
  const size = sizeOf(self)
  // A plain view: a `length` of the plugin's own on its object would be believed by the native code.
  const hay = new RealBytes(memoryOf(self), startOf(self), size)
  try {
    return native(hay, value, from, endOf(stop, size), known ?? 'utf8')
  } catch {
    throw outOfBounds()
  }
}

function offsetOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isNaN(number)) return undefined
  return Math.trunc(Math.min(Math.max(number, -FURTHEST), FURTHEST))
}

function endOf(end: number | undefined, size: number): number {
  if (end === undefined || end > size) return size
  return end > 0 ? Math.trunc(end) : 0
}
