import { FLAG_NOTE, FLAG_OFFSET_NUMBER, FRAME_HEADER_BYTES, payloadStart } from '#src/flow/frame.ts'

/** What most chunks measure, and what they measure once a backlog has built up: fewer, longer copies. */
export const CHUNK_BYTES = 65_536
export const LOADED_CHUNK_BYTES = 262_144

/** Memory for frames, one behind the other. Belongs to its source for ever; readers get copies. */
export class Chunk {
  readonly buffer: ArrayBuffer
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  /** Counts the chunks of a source's life: tells which of two is older. */
  number = 0
  used = 0
  /** Sequence number of the first frame. */
  first = 0
  next: Chunk | undefined

  constructor(size: number) {
    this.buffer = new ArrayBuffer(size)
    this.bytes = new Uint8Array(this.buffer)
    this.view = new DataView(this.buffer)
  }
}

/** Where the frame behind the one at `at` begins. */
export function frameEnd(view: DataView, at: number): number {
  return payloadStart(view, at) + view.getUint32(at, true)
}

/** ms since the epoch. */
export function arrivalOf(view: DataView, at: number): number {
  return view.getFloat64(at + 8, true)
}

/**
 * Checks that `buffer` holds `count` whole frames and nothing else. Lengths that come from a worker are read by nobody
 * before this.
 */
export function isFramed(buffer: ArrayBuffer, count: number): boolean {
  return framedBytes(buffer, count) === buffer.byteLength
}

/** Where `count` whole frames at the start of `buffer` end; `undefined` when it does not hold so many. */
export function framedBytes(buffer: ArrayBuffer, count: number): number | undefined {
  const view = new DataView(buffer)
  const size = buffer.byteLength
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + FRAME_HEADER_BYTES > size) return undefined
    const head = headBytes(view, at, size)
    if (head === undefined) return undefined
    at += head + view.getUint32(at, true)
    if (at > size) return undefined
  }
  return at
}

/** Length of header, offset and note; `undefined` when they reach over `end`. */
function headBytes(view: DataView, at: number, end: number): number | undefined {
  const flags = view.getUint32(at + 4, true)
  let length = FRAME_HEADER_BYTES
  if ((flags & FLAG_OFFSET_NUMBER) !== 0) length += 8
  if ((flags & FLAG_NOTE) !== 0) {
    if (at + length + 4 > end) return undefined
    length += 4 + view.getUint32(at + length, true)
  }
  return at + length <= end ? length : undefined
}
