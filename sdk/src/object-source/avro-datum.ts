import { asLong } from './exact-json.ts'
import type { LongMode } from './source-config.ts'

/** The bytes of one block. Reading beyond them gives nonsense, and a place beyond the end: look at it after each datum. */
export class AvroTap {
  readonly #longs: LongMode
  readonly #decoder = new TextDecoder()
  #bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  constructor(longs: LongMode) {
    this.#longs = longs
  }

  load(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = 0
  }

  get place(): number {
    return this.#at
  }

  get isBeyond(): boolean {
    return this.#at > this.#bytes.length
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  boolean(): boolean {
    return this.#bytes[this.#at++] === 1
  }

  /** A zigzag number of up to 49 bits, as lengths, counts and int are. */
  int(): number {
    let byte = this.#bytes[this.#at++] ?? 0
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 127
    for (let factor = 128; factor < 2 ** 49; factor *= 128) {
      byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 127) * factor
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw new RangeError('a number of more than 49 bits where none can be')
  }

  long(): number | bigint {
    const bytes = this.#bytes
    const start = this.#at
    let end = start
    while ((bytes[end] ?? 0) >= 128) end++
    if (end - start < 7) {
      const value = this.int()
      return this.#longs === 'bigint' ? BigInt(value) : value
    }
    if (end - start > 9) throw new RangeError('a long of more than 64 bits')
    let value = 0n
    for (let i = end; i >= start; i--) value = value * 128n + BigInt((bytes[i] ?? 0) & 127)
    this.#at = end + 1
    return asLong(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)), this.#longs)
  }

  float(): number {
    this.#at += 4
    return this.isBeyond ? 0 : this.#view.getFloat32(this.#at - 4, true)
  }

  double(): number {
    this.#at += 8
    return this.isBeyond ? 0 : this.#view.getFloat64(this.#at - 8, true)
  }

  fixed(size: number): Uint8Array {
    const start = this.#advance(size)
    return this.#bytes.slice(start, this.#at)
  }

  bytes(): Uint8Array {
    return this.fixed(this.int())
  }

  string(): string {
    const size = this.int()
    const start = this.#advance(size)
    const bytes = this.#bytes
    if (size > 24) return this.#decoder.decode(bytes.subarray(start, this.#at))
    let text = ''
    for (let i = start; i < this.#at; i++) {
      const byte = bytes[i] ?? 0
      if (byte > 127) return this.#decoder.decode(bytes.subarray(start, this.#at))
      text += String.fromCharCode(byte)
    }
    return text
  }

  /** @returns where the `size` bytes start */
  #advance(size: number): number {
    const start = this.#at
    if (size < 0 || size > this.#bytes.length - start)
      throw new RangeError('it ends within a value')
    this.#at = start + size
    return start
  }

  /** How many items come next in an array or a map; 0 is the end. A negative count has the block's size behind it. */
  items(): number {
    const count = this.int()
    if (count >= 0) return this.#plausible(count)
    this.int()
    return this.#plausible(-count)
  }

  /** Items of no size, nulls, could be endless in a few bytes. */
  #plausible(count: number): number {
    if (count > this.#bytes.length + 65_536) throw new RangeError(`an array of ${count} items`)
    return count
  }
}
