import { bytesNeeded, type Encoding, encodingOf, writeText } from './encoding.ts'
import {
  needInteger,
  outOfRange,
  unknownEncoding,
  wrongSize,
  wrongType,
  wrongValue,
} from './faults.ts'
import {
  at,
  type Bytes,
  bareBytes,
  fillBytes,
  isBytes,
  kindOf,
  memoryOf,
  moveBytes,
  RealBytes,
  setBytes,
  sizeOf,
  startOf,
  toNumber,
  uncurried,
} from './memory.ts'

const nativeCompare = Buffer.compare as (one: Bytes, other: Bytes) => number
const { swap16, swap32, swap64 } = Buffer.prototype
const FURTHEST = 2 ** 53 - 1
/** Below this a loop is faster than a native call. */
const SHORT = 16

/** Both are byte arrays by their slots: the native code reads nothing else of them. */
export function compareBytes(one: Bytes, other: Bytes): number {
  return nativeCompare(one, other)
}

export const contents = {
  equals(this: Bytes, other: unknown): boolean {
    if (!isBytes(other))
      throw wrongType('otherBuffer', 'an instance of Buffer or Uint8Array', other)
    if (this === other) return true
    const size = sizeOf(this)
    if (size !== sizeOf(other)) return false
    needBytes(this)
    return size === 0 || compareBytes(this, other) === 0
  },
  compare(
    this: Bytes,
    target: unknown,
    targetStart?: unknown,
    targetEnd?: unknown,
    sourceStart?: unknown,
    sourceEnd?: unknown,
  ): number {
    if (!isBytes(target)) throw wrongType('target', 'an instance of Buffer or Uint8Array', target)
    needBytes(this)
    if (targetStart === undefined && targetEnd === undefined && sourceStart === undefined) {
      if (sourceEnd === undefined) return compareBytes(this, target)
    }
    const start = placeIn(targetStart, 'targetStart', 0, FURTHEST)
    const end = placeIn(targetEnd, 'targetEnd', sizeOf(target), sizeOf(target))
    const from = placeIn(sourceStart, 'sourceStart', 0, FURTHEST)
    const to = placeIn(sourceEnd, 'sourceEnd', sizeOf(this), sizeOf(this))
    if (from >= to) return start >= end ? 0 : -1
    if (start >= end) return 1
    return compareBytes(part(this, from, to), part(target, start, end))
  },
  copy(
    this: Bytes,
    target: unknown,
    targetStart?: unknown,
    sourceStart?: unknown,
    sourceEnd?: unknown,
  ): number {
    if (kindOf(target) === undefined || typeof target !== 'object' || target === null)
      throw wrongType('target', 'an instance of Buffer or Uint8Array', target)
    const to = wholeOf(targetStart, 0)
    if (to < 0) throw outOfRange('targetStart', '>= 0', to)
    const from = wholeOf(sourceStart, 0)
    if (from < 0 || from > sizeOf(this))
      throw outOfRange('sourceStart', `>= 0 && <= ${sizeOf(this)}`, from)
    const last = wholeOf(sourceEnd, sizeOf(this))
    if (last < 0) throw outOfRange('sourceEnd', '>= 0', last)
    const count = Math.min(last - from, sizeOf(this) - from, sizeOf(target) - to)
    if (count <= 0) return 0
    copyBytes(this, from, target as Bytes, to, count)
    return count
  },
  fill(this: Bytes, value: unknown, offset?: unknown, end?: unknown, encoding?: unknown): Bytes {
    return fill(this, value, offset, end, encoding)
  },
  swap16(this: Bytes): Bytes {
    return swap(this, 16, swapped16)
  },
  swap32(this: Bytes): Bytes {
    return swap(this, 32, swapped32)
  },
  swap64(this: Bytes): Bytes {
    return swap(this, 64, swapped64)
  },
}

const swapped16 = uncurried(swap16 as never) as (view: Bytes) => unknown
const swapped32 = uncurried(swap32 as never) as (view: Bytes) => unknown
const swapped64 = uncurried(swap64 as never) as (view: Bytes) => unknown

function swap(self: Bytes, bits: number, native: (view: Bytes) => unknown): Bytes {
  needBytes(self)
  const size = sizeOf(self)
  if (size % (bits / 8) !== 0) throw wrongSize(bits)
  native(new RealBytes(memoryOf(self), startOf(self), size))
  return self
}

/** Also used by `alloc`. */
export function fill(
  self: Bytes,
  value: unknown,
  offset?: unknown,
  end?: unknown,
  encoding?: unknown,
): Bytes {
  const [from, to, name] = fillArguments(self, typeof value === 'string', offset, end, encoding)
  const filling = typeof value === 'string' ? fillingOf(value, name) : value
  const size = sizeOf(self)
  const start = placeIn(from, 'offset', 0, FURTHEST)
  const stop = placeIn(to, 'end', size, size)
  if (start >= stop) return self
  const bytes = bareBytes(filling)
  if (bytes === undefined) return fillBytes(self, toNumber(filling) & 255, start, stop)
  return repeat(self, bytes, start, stop, value)
}

/** A text may be followed by its encoding in place of the offset or of the end. */
function fillArguments(
  self: Bytes,
  isText: boolean,
  offset: unknown,
  end: unknown,
  encoding: unknown,
): readonly [unknown, unknown, unknown] {
  if (!isText) return [offset, offset === undefined ? undefined : end, undefined]
  if (offset === undefined || typeof offset === 'string') return [0, sizeOf(self), offset]
  if (typeof end === 'string') return [offset, sizeOf(self), end]
  return [offset, end, encoding]
}

function fillingOf(text: string, name: unknown): unknown {
  const encoding = name === undefined || name === null || name === '' ? 'utf8' : encodingOf(name)
  if (encoding === undefined) {
    if (typeof name !== 'string') throw wrongType('encoding', 'of type string', name)
    throw unknownEncoding(name)
  }
  if (text === '') return 0
  return encoded(text, encoding)
}

/** The bytes of a text, in memory of their own. */
export function encoded(text: string, encoding: Encoding): Bytes {
  const bytes = new RealBytes(bytesNeeded(text, encoding))
  const length = writeText[encoding](bytes, text, 0, sizeOf(bytes))
  return length === sizeOf(bytes) ? bytes : new RealBytes(memoryOf(bytes), 0, length)
}

/** Writes the value and then doubles what is there. */
function repeat(self: Bytes, value: Bytes, start: number, stop: number, given: unknown): Bytes {
  const room = stop - start
  const size = sizeOf(value)
  if (size === 0) throw wrongValue('value', given)
  if (size === 1) return fillBytes(self, at(value, 0), start, stop)
  let done = Math.min(size, room)
  setBytes(
    self,
    done === size ? value : new RealBytes(memoryOf(value), startOf(value), done),
    start,
  )
  while (done < room) {
    const more = Math.min(done, room - done)
    moveBytes(self, start + done, start, start + more)
    done += more
  }
  return self
}

function copyBytes(source: Bytes, from: number, target: Bytes, to: number, count: number): void {
  const plain = kindOf(source) === 'Uint8Array' && kindOf(target) === 'Uint8Array'
  if (plain && count <= SHORT && memoryOf(source) !== memoryOf(target)) {
    for (let i = 0; i < count; i++) target[to + i] = at(source, from + i)
    return
  }
  const whole = plain && from === 0 && count === sizeOf(source)
  const piece = whole ? source : new RealBytes(memoryOf(source), startOf(source) + from, count)
  const place = plain ? target : new RealBytes(memoryOf(target), startOf(target), sizeOf(target))
  setBytes(place, piece, to)
}

function needBytes(self: unknown): void {
  if (!isBytes(self)) throw wrongType('this', 'an instance of Buffer or Uint8Array', self)
}

function part(bytes: Bytes, start: number, end: number): Bytes {
  return new RealBytes(memoryOf(bytes), startOf(bytes) + start, end - start)
}

function placeIn(value: unknown, name: string, otherwise: number, most: number): number {
  if (value === undefined) return otherwise
  needInteger(value, name, 0, most)
  return value
}

/** As Node's `copy` takes its arguments: what is no number is left out. */
function wholeOf(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise
  const number = toNumber(value)
  return Math.abs(number) <= FURTHEST ? Math.floor(number) : 0
}
