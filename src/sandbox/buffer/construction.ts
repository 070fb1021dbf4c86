import { compareBytes, fill } from './content.ts'
import { bytesNeeded, type Encoding, encodingOf, needEncoding, writeText } from './encoding.ts'
import { needInteger, outOfBounds, outOfRange, wrongType } from './faults.ts'
import {
  type Bytes,
  countOf,
  isBytes,
  kindOf,
  memoryOf,
  RealBytes,
  RealMemory,
  setBytes,
  sizeOf,
  sizeOfAny,
  sizeOfMemory,
  startOf,
  toNumber,
} from './memory.ts'

export const POOL_BYTES = 8192

/** Makes an instance of the plugin's class. */
export type MakeBytes = (memory: ArrayBuffer | number, start?: number, length?: number) => Bytes

const { isArray } = Array
const kinds =
  'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object'

/** What makes new buffers: `from`, `alloc`, `concat` and their like, for one plugin. */
export class Construction {
  readonly #make: MakeBytes
  readonly #limit: number
  /** Of this plugin alone, and no part is handed out twice: what comes from it is always zero. */
  #pool = new RealMemory(POOL_BYTES)
  #used = 0

  constructor(make: MakeBytes, limit: number) {
    this.#make = make
    this.#limit = limit
  }

  /** Memory that nobody had before; small pieces share an allocation. */
  allocate(size: number): Bytes {
    if (size >= POOL_BYTES >>> 1 || size <= 0) return this.#own(size)
    // A plugin may have taken the pool's memory away with it.
    if (size > POOL_BYTES - this.#used || sizeOfMemory(this.#pool) !== POOL_BYTES) {
      this.#pool = new RealMemory(POOL_BYTES)
      this.#used = 0
    }
    const bytes = this.#make(this.#pool, this.#used, size)
    this.#used = (this.#used + size + 7) & ~7
    return bytes
  }

  alloc(size: unknown, value: unknown, encoding: unknown): Bytes {
    const bytes = this.#own(this.size(size))
    if (value === undefined || value === 0 || sizeOf(bytes) === 0) return bytes
    // Node has the encoding where `fill` has it last.
    return fill(bytes, value, 0, sizeOf(bytes), encoding)
  }

  #own(size: number): Bytes {
    if (size > this.#limit) throw outOfRange('size', `<= ${this.#limit}`, size)
    return this.#make(Math.max(size, 0))
  }

  /** @throws when it is no size that a buffer may have */
  size(value: unknown): number {
    if (typeof value !== 'number') throw wrongType('size', 'of type number', value)
    if (!(value >= 0 && value <= this.#limit))
      throw outOfRange('size', `>= 0 && <= ${this.#limit}`, value)
    return Math.trunc(value)
  }

  from(value: unknown, second?: unknown, third?: unknown): Bytes {
    if (typeof value === 'string') return this.#fromText(value, second)
    if (typeof value === 'object' && value !== null) {
      if (kindOf(value) !== undefined) return this.#fromView(value as Bytes)
      // That something is no memory is told by an error, which is slow: lists are sorted out before.
      const size = isArray(value) ? undefined : sizeOfMemory(value)
      if (size !== undefined) return this.#over(value as ArrayBuffer, size, second, third)
      const made = this.#fromObject(value as ObjectLike, second, third)
      if (made !== undefined) return made
    }
    throw wrongType('first argument', kinds, value)
  }

  #fromText(text: string, name: unknown): Bytes {
    const encoding = typeof name !== 'string' || name === '' ? 'utf8' : needEncoding(name)
    return text.length === 0 ? this.#make(0) : this.#encoded(text, encoding)
  }

  #encoded(text: string, encoding: Encoding): Bytes {
    const size = bytesNeeded(text, encoding)
    const bytes = this.allocate(size)
    const written = writeText[encoding](bytes, text, 0, size)
    // Other characters in hex or base64 give fewer bytes.
    return written === size ? bytes : this.#make(memoryOf(bytes), startOf(bytes), written)
  }

  /** The memory itself, not a copy. */
  #over(memory: ArrayBuffer, size: number, offset: unknown, length: unknown): Bytes {
    const start = offset === undefined ? 0 : toNumber(offset) || 0
    if (start > size) throw outOfBounds('offset')
    // One below 0 is refused by the constructor.
    if (length === undefined) return this.#make(memory, Math.trunc(start))
    const wanted = toNumber(length)
    if (wanted > size - start) throw outOfBounds('length')
    return this.#make(memory, Math.trunc(start), wanted > 0 ? Math.trunc(wanted) : 0)
  }

  #fromView(view: Bytes): Bytes {
    const bytes = this.allocate(this.size(countOf(view)))
    setBytes(bytes, view, 0)
    return bytes
  }

  #fromObject(value: ObjectLike, second: unknown, third: unknown): Bytes | undefined {
    const inner = value.valueOf?.()
    if (inner !== value && inner !== undefined && inner !== null) {
      if (typeof inner === 'string' || typeof inner === 'object')
        return this.from(inner, second, third)
    }
    const { length } = value
    if (isArray(value) || length !== undefined || sizeOfMemory(value.buffer) !== undefined)
      return typeof length === 'number' ? this.list(value as ArrayLike<unknown>) : this.#make(0)
    const { data } = value
    if (value.type === 'Buffer' && isArray(data)) return this.list(data)
    const convert = value[Symbol.toPrimitive]
    const text = typeof convert === 'function' ? convert.call(value, 'string') : undefined
    return typeof text === 'string' ? this.#fromText(text, second) : undefined
  }

  list(values: ArrayLike<unknown>): Bytes {
    const { length } = values
    if (!(length > 0)) return this.#make(0)
    const bytes = this.allocate(this.size(length))
    for (let i = 0, end = sizeOf(bytes); i < end; i++) bytes[i] = values[i] as number
    return bytes
  }

  concat(list: unknown, total: unknown): Bytes {
    if (!isArray(list)) throw wrongType('list', 'an instance of Array', list)
    if (list.length === 0) return this.#make(0)
    let sum = 0
    for (let i = 0; i < list.length; i++) sum += sizeOf(needItem(list, i))
    if (total !== undefined) {
      needInteger(total, 'length', 0, 2 ** 53 - 1)
      sum = total
    }
    const joined = this.allocate(this.size(sum))
    let done = 0
    // An array with accessors may answer otherwise now: what comes is checked again, and nothing is written outside.
    for (let i = 0; i < list.length && done < sum; i++) {
      const item = needItem(list, i)
      const size = sizeOf(item)
      const room = sum - done
      setBytes(
        joined,
        size <= room ? item : new RealBytes(memoryOf(item), startOf(item), room),
        done,
      )
      done += size
    }
    return joined
  }

  copyBytesFrom(view: unknown, offset: unknown, length: unknown): Bytes {
    if (kindOf(view) === undefined) throw wrongType('view', 'an instance of TypedArray', view)
    const count = countOf(view)
    if (count === 0) return this.#make(0)
    const width = sizeOf(view) / count
    let start = 0
    let end = count
    if (offset !== undefined) {
      needInteger(offset, 'offset', 0, 2 ** 53 - 1)
      if (offset >= count) return this.#make(0)
      start = offset
    }
    if (length !== undefined) {
      needInteger(length, 'length', 0, 2 ** 53 - 1)
      end = Math.min(start + length, count)
    }
    const bytes = (end - start) * width
    return this.#fromView(new RealBytes(memoryOf(view), startOf(view) + start * width, bytes))
  }
}

interface ObjectLike {
  readonly valueOf?: () => unknown
  readonly length?: unknown
  readonly buffer?: unknown
  readonly type?: unknown
  readonly data?: unknown
  readonly [Symbol.toPrimitive]?: unknown
}

function needItem(list: readonly unknown[], place: number): Bytes {
  const item = list[place]
  if (isBytes(item)) return item
  throw wrongType(`list[${place}]`, 'an instance of Buffer or Uint8Array', item)
}

/** `Buffer.byteLength` */
export function byteLength(value: unknown, name: unknown): number {
  if (typeof value === 'string') return bytesNeeded(value, encodingOf(name) ?? 'utf8')
  const size = typeof value === 'object' && value !== null ? sizeOfAny(value) : undefined
  if (size !== undefined) return size
  throw wrongType('string', 'of type string or an instance of Buffer or ArrayBuffer', value)
}

/** `Buffer.compare` */
export function compare(one: unknown, other: unknown): number {
  if (!isBytes(one)) throw wrongType('buf1', 'an instance of Buffer or Uint8Array', one)
  if (!isBytes(other)) throw wrongType('buf2', 'an instance of Buffer or Uint8Array', other)
  return one === other ? 0 : compareBytes(one, other)
}
