import {
  type Encoding,
  encodingOf,
  encodings,
  needEncoding,
  sliceText,
  writeText,
} from './encoding.ts'
import { needInteger, outOfBounds, outOfRange, unknownEncoding, wrongType } from './faults.ts'
import { type Bytes, memoryOf, RealBytes, sizeOf, startOf, toNumber } from './memory.ts'

/** The others write what there is room for. */
const refusesMore: ReadonlySet<Encoding> = new Set(['utf8', 'latin1', 'ascii'])

const { hasOwn, getPrototypeOf } = Object

/** Methods that turn bytes into text and back, for a class with this prototype. */
export function textMethods(prototype: object): Record<string, unknown> {
  /**
   * Node's `write` functions read the property `byteLength` before they enter native code. An accessor of the plugin's there
   * could shrink the memory in between: they see a plain view, unless the name is certainly ours.
   */
  function put(
    self: Bytes,
    text: string,
    encoding: Encoding,
    offset: number,
    length: number,
  ): number {
    const write = writeText[encoding]
    try {
      if (getPrototypeOf(self) === prototype && !hasOwn(self, 'byteLength'))
        return write(self, text, offset, length)
      return write(new RealBytes(memoryOf(self), startOf(self) + offset, length), text, 0, length)
    } catch {
      throw outOfBounds('length')
    }
  }

  const methods: Record<string, unknown> = {
    toString: textOf,
    toLocaleString: textOf,
    write(
      this: Bytes,
      text: unknown,
      offset?: unknown,
      length?: unknown,
      encoding?: unknown,
    ): number {
      const size = sizeOf(this)
      if (offset === undefined) return put(this, needText(text), 'utf8', 0, size)
      if (length === undefined && typeof offset === 'string') {
        const named = offset === '' ? 'utf8' : needEncoding(offset)
        return put(this, needText(text), named, 0, size)
      }
      needInteger(offset, 'offset', 0, size)
      const room = size - offset
      let name = encoding
      let most = room
      if (typeof length === 'string') {
        name = length
      } else if (length !== undefined) {
        needInteger(length, 'length', 0, size)
        if (length < room) most = length
      }
      const named = name ? needName(name) : 'utf8'
      return put(this, needText(text), named, offset, most)
    },
  }
  // Drivers use these when they find them.
  for (const encoding of encodings) {
    methods[`${encoding}Slice`] = function (this: Bytes, start?: unknown, end?: unknown): string {
      const wantedStart = numberOf(start)
      const wantedEnd = numberOf(end)
      const size = sizeOf(this)
      if (size === 0) return ''
      const from = placeIn(wantedStart, 0, Number.MAX_SAFE_INTEGER)
      const to = placeIn(wantedEnd, size, from > size ? Number.MAX_SAFE_INTEGER : size)
      if (to <= from) return ''
      if (to > size) throw outOfRange('end', `>= 0 and <= ${size}`, to)
      return slice(this, encoding, from, to)
    }
    methods[`${encoding}Write`] = function (
      this: Bytes,
      text: unknown,
      offset?: unknown,
      length?: unknown,
    ): number {
      const known = needText(text)
      const wantedOffset = numberOf(offset)
      const wantedLength = numberOf(length)
      const size = sizeOf(this)
      const from = boundIn('offset', wantedOffset, 0, size)
      const room = size - from
      const most = refusesMore.has(encoding) ? room : Number.MAX_SAFE_INTEGER
      const bound = boundIn('length', wantedLength, room, most)
      return put(this, known, encoding, from, Math.min(bound, room))
    }
  }
  return methods
}

function textOf(this: Bytes, encoding?: unknown, start?: unknown, end?: unknown): string {
  if (encoding === undefined && start === undefined && end === undefined)
    return slice(this, 'utf8', 0, sizeOf(this))
  // Conversions may run code of the plugin's, which may shrink the memory: the size is taken after them.
  const wantedStart = numberOf(start)
  const wantedEnd = numberOf(end)
  const size = sizeOf(this)
  const from = startIn(wantedStart, size)
  const to = endIn(wantedEnd, size)
  // Node looks at the encoding only when there is something to decode.
  if (to <= from) return ''
  return slice(this, encoding === undefined ? 'utf8' : needName(encoding), from, to)
}

/** The text of a part. Both places are within the bytes. */
export function slice(self: Bytes, encoding: Encoding, start: number, end: number): string {
  try {
    return sliceText[encoding](self, start, end)
  } catch {
    throw wrongType('this', 'an instance of Buffer or Uint8Array', self)
  }
}

function needText(text: unknown): string {
  if (typeof text === 'string') return text
  throw wrongType('argument', 'of type string', text)
}

/** As `needEncoding`; what is no text is converted, as Node does. */
function needName(name: unknown): Encoding {
  const encoding = encodingOf(typeof name === 'string' ? name : undefined)
  if (encoding === undefined) throw unknownEncoding(name)
  return encoding
}

function numberOf(value: unknown): number | undefined {
  return value === undefined ? undefined : toNumber(value)
}

function startIn(start: number | undefined, size: number): number {
  if (start === undefined || !(start > 0)) return 0
  return start >= size ? size : Math.trunc(start)
}

function endIn(end: number | undefined, size: number): number {
  if (end === undefined || end > size) return size
  return Math.trunc(end) || 0
}

function placeIn(value: number | undefined, otherwise: number, size: number): number {
  if (value === undefined) return otherwise
  const place = Math.trunc(value) || 0
  if (place < 0 || place > size) throw outOfRange('index', `>= 0 and <= ${size}`, value)
  return place
}

function boundIn(name: string, value: number | undefined, otherwise: number, most: number): number {
  if (value === undefined) return otherwise
  const bound = Math.trunc(value) || 0
  if (bound < 0 || bound > most) throw outOfBounds(name)
  return bound
}
