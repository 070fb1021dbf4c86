import { Buffer } from 'node:buffer'
import { FLAG_NOTE, FRAME_HEADER_BYTES } from '#src/flow/frame.ts'

/** Frames one behind the other from the start of `buffer`, which may be longer: `count` says where they end. */
export interface Chunk {
  readonly buffer: ArrayBuffer
  readonly count: number
}

const CHUNK_BYTES = 65_536
/** As much text is collected before it is written at once. */
const MAX_PENDING = 32_768
const MAX_COLLECTED = 1024
/** After a text that was not ASCII so many are written one by one, without trying. */
const WIDE_ROUNDS = 16
/** Where the header of a collected payload will be. */
export const HEADER_SPACE = '\0'.repeat(FRAME_HEADER_BYTES)

const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write(text: string, at: number, length: number): number
}
const { byteLength } = Buffer

/**
 * Payloads to frames in chunks that can be transferred. Texts are collected and written together: one call into native
 * code for a batch of rows instead of one for each. That needs their lengths in bytes before they are written, which are
 * their lengths in characters as long as all are ASCII; when not, they are written one by one.
 */
export class ChunkWriter {
  #bytes = Buffer.from(new ArrayBuffer(CHUNK_BYTES))
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #count = 0
  #sealed: Chunk[] = []
  #pending = ''
  /** Of the payloads in `#pending`, which are `#collected`. */
  readonly #lengths = new Uint32Array(MAX_COLLECTED)
  readonly #times = new Float64Array(MAX_COLLECTED)
  #collected = 0
  #wideRounds = 0
  #note: Uint8Array | undefined

  get isEmpty(): boolean {
    return this.#count === 0 && this.#collected === 0 && this.#sealed.length === 0
  }

  /** What the frames from now on say beside their payload; `undefined`: nothing. */
  note(note: Uint8Array | undefined): void {
    this.#flush()
    this.#note = note
  }

  /** A payload as UTF-8. `time` is the frame's, ms since the epoch. */
  text(payload: string, time: number): void {
    this.spaced(HEADER_SPACE + payload, time)
  }

  /** As `text`, for a payload that already has HEADER_SPACE before it: one string less to put together. */
  spaced(payload: string, time: number): void {
    const length = payload.length - FRAME_HEADER_BYTES
    if (length > MAX_PENDING || this.#note !== undefined) {
      this.#flush()
      this.#writeText(payload.slice(FRAME_HEADER_BYTES), time)
      return
    }
    this.#pending += payload
    const collected = this.#collected++
    this.#lengths[collected] = length
    this.#times[collected] = time
    if (this.#pending.length > MAX_PENDING || collected + 1 === MAX_COLLECTED) this.#flush()
  }

  /** A payload as it is. */
  bytes(payload: Uint8Array, time: number): void {
    this.#flush()
    this.#reserve(this.#headBytes + payload.length)
    this.#bytes.set(payload, this.#used + this.#headBytes)
    this.#close(payload.length, time)
  }

  /** The chunks since the last call. They belong to the caller, who may transfer them. */
  take(): Chunk[] {
    this.#flush()
    this.#seal()
    const chunks = this.#sealed
    this.#sealed = []
    return chunks
  }

  #flush(): void {
    if (this.#collected === 0) return
    if (this.#wideRounds > 0 || !this.#writeAscii()) {
      this.#wideRounds = this.#wideRounds > 0 ? this.#wideRounds - 1 : WIDE_ROUNDS
      this.#writeOneByOne()
    }
    this.#pending = ''
    this.#collected = 0
  }

  /** Writes what is pending if it is all ASCII: then, and only then, it takes as many bytes as it has characters. */
  #writeAscii(): boolean {
    const pending = this.#pending
    // Room for one character more: a text that is not ASCII cannot come out as long by being cut off.
    this.#reserve(pending.length + 4)
    const room = this.#bytes.length - this.#used
    if (utf8Write.call(this.#bytes, pending, this.#used, room) !== pending.length) return false
    const view = this.#view
    const lengths = this.#lengths
    const times = this.#times
    const collected = this.#collected
    let at = this.#used
    for (let i = 0; i < collected; i++) {
      const length = lengths[i] as number
      // The flags are zero, as HEADER_SPACE is.
      view.setUint32(at, length, true)
      view.setFloat64(at + 8, times[i] as number, true)
      at += FRAME_HEADER_BYTES + length
    }
    this.#used = at
    this.#count += collected
    return true
  }

  #writeOneByOne(): void {
    let at = 0
    for (let i = 0; i < this.#collected; i++) {
      const start = at + FRAME_HEADER_BYTES
      at = start + (this.#lengths[i] as number)
      this.#writeText(this.#pending.slice(start, at), this.#times[i] as number)
    }
  }

  #writeText(payload: string, time: number): void {
    const most = payload.length > MAX_PENDING ? byteLength(payload) : payload.length * 3
    this.#reserve(this.#headBytes + most)
    const at = this.#used + this.#headBytes
    this.#close(utf8Write.call(this.#bytes, payload, at, most), time)
  }

  /** Puts the header before a payload that was written behind its space. */
  #close(length: number, time: number): void {
    const view = this.#view
    const at = this.#used
    view.setUint32(at, length, true)
    view.setUint32(at + 4, this.#note === undefined ? 0 : FLAG_NOTE, true)
    view.setFloat64(at + 8, time, true)
    if (this.#note !== undefined) {
      view.setUint32(at + FRAME_HEADER_BYTES, this.#note.length, true)
      this.#bytes.set(this.#note, at + FRAME_HEADER_BYTES + 4)
    }
    this.#used = at + this.#headBytes + length
    this.#count++
  }

  get #headBytes(): number {
    return FRAME_HEADER_BYTES + (this.#note === undefined ? 0 : 4 + this.#note.length)
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return
    this.#seal()
    if (bytes > this.#bytes.length) this.#renew(bytes)
  }

  /** A chunk that is mostly empty is copied and goes on being used. */
  #seal(): void {
    if (this.#count === 0) return
    const { buffer } = this.#bytes
    const isSmall = this.#used * 2 < buffer.byteLength
    this.#sealed.push({
      buffer: isSmall ? buffer.slice(0, this.#used) : buffer,
      count: this.#count,
    })
    if (!isSmall) this.#renew(CHUNK_BYTES)
    this.#used = 0
    this.#count = 0
  }

  #renew(bytes: number): void {
    this.#bytes = Buffer.from(new ArrayBuffer(bytes))
    this.#view = new DataView(this.#bytes.buffer)
  }
}
