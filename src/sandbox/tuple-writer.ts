import { Buffer } from 'node:buffer'
import { serialize } from 'node:v8'
import { isLossless } from '@plutino/sdk/lossless'
import {
  ENCODING_FORMAT,
  ENCODING_JSON,
  ENCODING_V8,
  FLAG_LINES,
  FLAG_NOTE,
  FLAG_OFFSET_NUMBER,
  FRAME_HEADER_BYTES,
} from '#src/flow/frame.ts'
import type { Note } from '#src/flow/frame-note.ts'

const { stringify } = JSON
const Bytes = Uint8Array
const CHUNK_BYTES = 65_536

/** A tuple of a plugin source: copies, nothing of the plugin's. */
export interface TupleParts extends Note {
  readonly message: Uint8Array | Readonly<Record<string, unknown>>
  /** The message is lines of JSON, each a row. */
  readonly isLines?: boolean | undefined
}

/** Tuples of a plugin source to frames in chunks. The time of arrival is the host's to stamp, and 0 here. */
export class TupleWriter {
  #bytes = Buffer.from(new ArrayBuffer(CHUNK_BYTES))
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #count = 0

  get usedBytes(): number {
    return this.#used
  }

  get count(): number {
    return this.#count
  }

  /** @throws Error when the offset or the metadata is no JSON */
  write({ message, isLines, offset, skip, timestamp, meta, counter }: TupleParts): void {
    const payload = payloadOf(message, isLines)
    const numbered = typeof offset === 'number' && Number.isFinite(offset)
    const rich = numbered ? undefined : offset
    const note = noteText({ offset: rich, skip, timestamp, meta, counter })
    const noteBytes = note === undefined ? 0 : 4 + Buffer.byteLength(note)
    const size = FRAME_HEADER_BYTES + (numbered ? 8 : 0) + noteBytes + payload.bytes.length
    this.#reserve(size)
    let at = this.#used
    const view = this.#view
    const flags =
      payload.encoding | (numbered ? FLAG_OFFSET_NUMBER : 0) | (note === undefined ? 0 : FLAG_NOTE)
    view.setUint32(at, payload.bytes.length, true)
    view.setUint32(at + 4, flags, true)
    view.setFloat64(at + 8, 0, true)
    at += FRAME_HEADER_BYTES
    if (numbered) {
      view.setFloat64(at, offset, true)
      at += 8
    }
    if (note !== undefined) {
      view.setUint32(at, noteBytes - 4, true)
      this.#bytes.write(note, at + 4)
      at += noteBytes
    }
    this.#bytes.set(payload.bytes, at)
    this.#used += size
    this.#count++
  }

  /** The frames so far, exactly; the next ones go into another buffer. */
  take(): { readonly buffer: ArrayBuffer; readonly count: number } {
    const taken = { buffer: this.#bytes.buffer.slice(0, this.#used), count: this.#count }
    this.#used = 0
    this.#count = 0
    return taken
  }

  #reserve(size: number): void {
    const wanted = this.#used + size
    if (wanted <= this.#bytes.length) return
    const grown = Buffer.from(new ArrayBuffer(Math.max(wanted, this.#bytes.length * 2)))
    grown.set(new Bytes(this.#bytes.buffer, 0, this.#used))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

function payloadOf(
  message: TupleParts['message'],
  isLines = false,
): { encoding: number; bytes: Uint8Array } {
  if (message instanceof Bytes)
    return { encoding: isLines ? ENCODING_JSON | FLAG_LINES : ENCODING_FORMAT, bytes: message }
  // of copies, which have no getters, no methods and no strange prototypes
  if (isLossless(message)) {
    return { encoding: ENCODING_JSON, bytes: Buffer.from(stringify(message)) }
  }
  return { encoding: ENCODING_V8, bytes: serialize(message) }
}

function noteText(note: Note): string | undefined {
  const { offset, skip, timestamp, meta } = note
  if ([offset, skip, timestamp, meta].every((part) => part === undefined)) return undefined
  return stringify(note, (_key, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  )
}
