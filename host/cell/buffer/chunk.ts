import { FLAG_NOTE, FLAG_OFFSET_NUMBER, FRAME_HEADER_BYTES, payloadStart } from '#src/flow/frame.ts'

/** What most chunks measure, and what they measure once a backlog has built up: fewer, longer copies. */
export const CHUNK_BYTES = 65_536
export const LOADED_CHUNK_BYTES = 262_144

const LOADED_FROM_CHUNKS = 8
const SPARES_PER_SIZE = 16

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

/** The chunks of a source from the oldest that a reader may still need to the one that is written. */
export class ChunkQueue {
  #head: Chunk | undefined
  #tail: Chunk | undefined
  #length = 0
  #number = 0
  readonly #spares: Chunk[] = []
  readonly #loadedSpares: Chunk[] = []

  get head(): Chunk | undefined {
    return this.#head
  }

  get tail(): Chunk | undefined {
    return this.#tail
  }

  /** A chunk with room for `need` bytes at its end, for the frame `sequence`. */
  extend(need: number, sequence: number): Chunk {
    const chunk = this.#fresh(need)
    chunk.number = ++this.#number
    chunk.used = 0
    chunk.first = sequence
    chunk.next = undefined
    if (this.#tail === undefined) this.#head = chunk
    else this.#tail.next = chunk
    this.#tail = chunk
    this.#length++
    return chunk
  }

  /** Nobody needs the chunks before `number` any more. The one that is written stays. */
  releaseBefore(number: number): void {
    while (this.#head !== undefined && this.#head !== this.#tail && this.#head.number < number) {
      const chunk = this.#head
      this.#head = chunk.next
      chunk.next = undefined
      this.#length--
      const spares = this.#sparesOf(chunk.buffer.byteLength)
      if (spares !== undefined && spares.length < SPARES_PER_SIZE) spares.push(chunk)
    }
  }

  #fresh(need: number): Chunk {
    const size = this.#length >= LOADED_FROM_CHUNKS ? LOADED_CHUNK_BYTES : CHUNK_BYTES
    if (need > size) return new Chunk(need)
    return this.#sparesOf(size)?.pop() ?? new Chunk(size)
  }

  #sparesOf(size: number): Chunk[] | undefined {
    if (size === CHUNK_BYTES) return this.#spares
    return size === LOADED_CHUNK_BYTES ? this.#loadedSpares : undefined
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
