import { ByteReader } from './byte-reader.ts'
import { ObjectSourceError } from './errors.ts'

/** Snappy without any frame: the length, then literals and copies of what is there already. */
export function unsnappy(input: Uint8Array): Uint8Array {
  const { value: length, next } = varint(input)
  if (length > input.length * 64 + 64) throw broken('the length is wrong')
  const out = new Uint8Array(length)
  let at = next
  let to = 0
  while (at < input.length) {
    const tag = input[at++] ?? 0
    if ((tag & 3) === 0) {
      let size = tag >> 2
      if (size >= 60) {
        const bytes = size - 59
        size = little(input, at, bytes)
        at += bytes
      }
      size++
      if (at + size > input.length || to + size > length) throw broken('a literal is too long')
      out.set(input.subarray(at, at + size), to)
      at += size
      to += size
      continue
    }
    const wide = (tag & 3) === 1 ? 1 : (tag & 3) === 2 ? 2 : 4
    const size = wide === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const back = little(input, at, wide) + (wide === 1 ? (tag >> 5) * 256 : 0)
    at += wide
    if (back === 0 || back > to || to + size > length) throw broken('a copy leads out of it')
    if (back >= size) out.copyWithin(to, to - back, to - back + size)
    else for (let i = 0; i < size; i++) out[to + i] = out[to + i - back] ?? 0
    to += size
  }
  if (to !== length) throw broken('it ends early')
  return out
}

function varint(input: Uint8Array): { value: number; next: number } {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = input[i]
    if (byte === undefined) break
    value += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return { value, next: i + 1 }
  }
  throw broken('there is no length')
}

function little(input: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > input.length) throw broken('it ends early')
  let value = 0
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (input[at + i] ?? 0)
  return value
}

const XERIAL = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0)
/** Writers of this framing take blocks of 32 KiB; far above, the length is not one. */
const MAX_BLOCK_BYTES = 64 * 2 ** 20

/** The framing of snappy-java: a header of 16 bytes, then blocks, each behind its length in 4 bytes. */
export async function* unsnappyStream(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(stream)
  try {
    if (!(await reader.has(1))) return
    if (!(await reader.has(16))) throw broken('the header is cut off')
    const header = reader.take(16)
    if (XERIAL.some((byte, i) => header[i] !== byte)) {
      throw broken('there is no header of snappy-java')
    }
    while (await reader.has(1)) {
      if (!(await reader.has(4))) throw broken('a block is cut off')
      const [a = 0, b = 0, c = 0, d = 0] = reader.take(4)
      const size = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
      if (size > MAX_BLOCK_BYTES) throw broken(`a block of ${size} bytes`)
      if (!(await reader.has(size))) throw broken('a block is cut off')
      yield unsnappy(reader.take(size))
    }
  } finally {
    await reader.close()
  }
}

function broken(why: string): ObjectSourceError {
  return new ObjectSourceError('broken-object', `snappy: ${why}`)
}
