import { CHUNK_BYTES, Chunk, frameEnd, LOADED_CHUNK_BYTES } from './chunk.ts'
import { offsetIn } from './frame-head.ts'

const LOADED_FROM_CHUNKS = 8
const SPARES_PER_SIZE = 16

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

  /** Where the source goes on after this tuple; `undefined` when it did not say, or the tuple is gone. */
  offsetOf(sequence: number): unknown {
    let chunk = this.#head
    while (chunk?.next !== undefined && chunk.next.first <= sequence) chunk = chunk.next
    if (chunk === undefined || sequence < chunk.first) return undefined
    let at = 0
    for (let i = chunk.first; i < sequence; i++) at = frameEnd(chunk.view, at)
    return offsetIn(chunk.view, at)
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
