import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Chunk, frameEnd } from '../buffer/chunk.ts'
import { claimedBytes, KIND_FRAMES, nextMagic, type RecordHead, recordAt } from './record.ts'

/** Frames read back, one behind the other from the start of the chunk. */
export interface Piece {
  readonly chunk: Chunk
  readonly count: number
  /** Sequence number of the first frame. */
  readonly first: number
}

const INDEX_BYTES = 65_536
const READ_BYTES = 262_144

/** One file of a spool. The frames that it holds are known by the name: the sequence number of the first. */
export class Segment {
  readonly path: string
  readonly first: number
  readonly again: number
  /** Of whole records. What lies behind them was never acknowledged. */
  bytes: number
  /** Entries of the metadata table that stand in it. */
  metas = 0
  #writing: FileHandle | undefined
  #reading: Promise<FileHandle> | undefined
  #isClosed = false
  /** Where a record with this sequence number begins: one in so many bytes. */
  readonly #index: { readonly sequence: number; readonly at: number }[] = []

  /** @param again of several that begin with the same frame, all but the last without any */
  constructor(folder: string, first: number, bytes: number, again = 0) {
    this.path = join(folder, nameOf(first, again))
    this.again = again
    this.first = first
    this.bytes = bytes
  }

  /** The segment whose file is called so. */
  static named(folder: string, name: string): Segment | undefined {
    const [, first, again] = /^(\d+)(?:_(\d+))?\.spool$/.exec(name) ?? []
    return first === undefined
      ? undefined
      : new Segment(folder, Number(first), 0, Number(again ?? 0))
  }

  get isWriting(): boolean {
    return this.#writing !== undefined
  }

  async create(): Promise<void> {
    this.#writing = await open(this.path, 'w')
  }

  /** One write behind the last whole record: what a failed write has left there is overwritten. */
  async write(parts: readonly Uint8Array[]): Promise<number> {
    if (this.#writing === undefined) throw new TypeError('a segment that is read only')
    let total = 0
    for (const part of parts) total += part.length
    const { bytesWritten } = await this.#writing.writev(parts, this.bytes)
    if (bytesWritten !== total) throw new Error(`only ${bytesWritten} of ${total} bytes written`)
    return total
  }

  async sync(): Promise<void> {
    await this.#writing?.datasync()
  }

  /** So many bytes more are safe; the first record of them begins with frame `sequence`. */
  wrote(bytes: number, sequence: number): void {
    this.#mark(sequence, this.bytes)
    this.bytes += bytes
  }

  async endWriting(): Promise<void> {
    const writing = this.#writing
    this.#writing = undefined
    await writing?.close().catch(() => {})
  }

  /**
   * Whole frames from number `from` to before `to`, about `maxBytes` of them; `undefined`: there are none here. Damaged
   * records are left out: then the piece begins later than asked for.
   */
  async read(from: number, to: number, maxBytes = READ_BYTES): Promise<Piece | undefined> {
    if (this.#isClosed) return undefined
    this.#reading ??= open(this.path, 'r')
    const file = await this.#reading
    let at = this.#placeOf(from)
    let size = maxBytes
    while (at < this.bytes && !this.#isClosed) {
      const chunk = new Chunk(Math.min(size, this.bytes - at))
      const { bytesRead } = await file.read(chunk.bytes, 0, chunk.bytes.length, at)
      const found = new Gathering(chunk, from, to)
      const done = found.gather(bytesRead, (sequence, place) => this.#mark(sequence, at + place))
      if (found.count > 0) return { chunk, count: found.count, first: found.first }
      if (found.isPast || bytesRead === 0) return undefined
      if (done > 0) at += done
      else if (at + bytesRead >= this.bytes) {
        // a length that is damaged reaches beyond the file
        const next = nextMagic(chunk.bytes, 1, bytesRead)
        if (next < 0) return undefined
        at += next
      } else size = Math.max(size * 2, claimedBytes(chunk.view, 0))
    }
    return undefined
  }

  /** Lets go of the files. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.endWriting()
    const reading = await this.#reading?.catch(() => undefined)
    this.#reading = undefined
    await reading?.close().catch(() => {})
  }

  async remove(): Promise<void> {
    await this.close()
    await unlink(this.path).catch(() => {})
  }

  #mark(sequence: number, at: number): void {
    const last = this.#index.at(-1)
    if (last !== undefined && at - last.at < INDEX_BYTES) return
    this.#index.push({ sequence, at })
  }

  #placeOf(sequence: number): number {
    let [low, high] = [0, this.#index.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#index[middle]?.sequence ?? 0) <= sequence) low = middle + 1
      else high = middle
    }
    return this.#index[low - 1]?.at ?? 0
  }
}

/** Moves the frames of the records in a chunk together, in place. */
class Gathering {
  readonly #chunk: Chunk
  readonly #from: number
  readonly #to: number
  count = 0
  first = 0
  /** Frames behind those that were asked for have been seen. */
  isPast = false

  constructor(chunk: Chunk, from: number, to: number) {
    this.#chunk = chunk
    this.#from = from
    this.#to = to
    chunk.used = 0
    chunk.number = Number.POSITIVE_INFINITY
  }

  /** @returns how far it got: where the first record begins that is not wholly there */
  gather(size: number, each: (sequence: number, at: number) => void): number {
    let at = 0
    while (at < size && !this.isPast) {
      const record = recordAt(this.#chunk, at, size)
      if (record === 'partial') break
      if (record === 'damaged') {
        const next = nextMagic(this.#chunk.bytes, at + 1, size)
        if (next < 0) return size
        at = next
        continue
      }
      if (record.kind === KIND_FRAMES) {
        each(record.first, at)
        if (!this.#take(record)) break
      }
      at = record.end
    }
    return at
  }

  /** @returns false: these frames do not follow those before */
  #take({ first, count, start, end }: RecordHead): boolean {
    if (first + count <= this.#from) return true
    if (first >= this.#to) {
      this.isPast = true
      return true
    }
    if (this.count > 0 && first !== this.first + this.count) return false
    const { view, bytes } = this.#chunk
    let [from, sequence] = [start, first]
    for (; sequence < this.#from; sequence++) from = frameEnd(view, from)
    let until = end
    let last = first + count
    if (last > this.#to) {
      last = this.#to
      until = from
      for (let i = sequence; i < last; i++) until = frameEnd(view, until)
    }
    if (this.count === 0) this.first = sequence
    bytes.copyWithin(this.#chunk.used, from, until)
    this.#chunk.used += until - from
    this.count += last - sequence
    this.#chunk.first = this.first
    return true
  }
}

function nameOf(first: number, again: number): string {
  return `${String(first).padStart(16, '0')}${again === 0 ? '' : `_${again}`}.spool`
}
