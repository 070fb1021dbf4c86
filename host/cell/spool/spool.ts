import { mkdir, open, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chunk } from '../buffer/chunk.ts'
import type { FramePlace } from '../buffer/frame-head.ts'
import { type Meta, MetaTable } from '../buffer/meta-table.ts'
import { Ledger } from './ledger.ts'
import { jsonRecord, KIND_FRAMES, KIND_LEDGER, KIND_METAS, seal } from './record.ts'
import { recover } from './recovery.ts'
import { type Piece, Segment } from './segment.ts'

export const SPOOL_LIMIT_BYTES = 1_073_741_824

export interface SpoolOptions {
  readonly folder: string
  /** Bytes of all files, at most. @default 1 GiB */
  readonly limitBytes?: number | undefined
  /** Sequence number of the first frame of a new spool. @default 1 */
  readonly firstSequence?: number | undefined
  /** Told of each place in the code where the process could die: for tests that make it die there. */
  readonly probe?: ((point: SpoolPoint) => void) | undefined
}

export type SpoolPoint = 'created' | 'before write' | 'after write' | 'after sync' | 'cutting'

/** A record of frames on its way to the disk. */
export interface Frames {
  readonly chunk: Chunk
  readonly count: number
}

const SEGMENT_BYTES = 16_777_216
const SEGMENTS_PER_LIMIT = 8
const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 1000

/**
 * The frames of one stream in files, from the oldest that a rule may still need. Appended in groups, each with one write
 * and one fdatasync; what `append` has resolved for survives the end of the process and of the machine.
 */
export class Spool {
  readonly folder: string
  readonly limitBytes: number
  /** Metadata that frames refer to, of all lives. */
  readonly metas: MetaTable
  /** What the source knows of its sender's messages. */
  readonly ledger: Ledger
  readonly lastArrival: number
  readonly damagedBytes: number
  readonly #probe: (point: SpoolPoint) => void
  /** A segment is ended when it has so much; a group should have no more. */
  readonly segmentBytes: number
  readonly #segments: Segment[]
  #active: Segment | undefined
  #next: number
  /** Nobody needs what is before this one. */
  #needed = 0
  #bytes = 0
  #fault: string | undefined
  #isClosed = false
  #last: Promise<void> = Promise.resolve()
  /** Of the last frame that is safe. */
  lastPlace: FramePlace | undefined

  private constructor(options: SpoolOptions, found: Awaited<ReturnType<typeof recover>>) {
    this.folder = options.folder
    this.limitBytes = options.limitBytes ?? SPOOL_LIMIT_BYTES
    this.segmentBytes = Math.min(SEGMENT_BYTES, Math.ceil(this.limitBytes / SEGMENTS_PER_LIMIT))
    this.#probe = options.probe ?? (() => {})
    this.#segments = [...found.segments]
    for (const { bytes } of this.#segments) this.#bytes += bytes
    this.#next = Math.max(found.next ?? 1, options.firstSequence ?? 1)
    this.metas = new MetaTable(found.metas)
    this.ledger = new Ledger(found.ledger, found.next)
    this.lastArrival = found.lastArrival
    this.lastPlace = found.lastPlace
    this.damagedBytes = found.damagedBytes
  }

  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(options.folder, { recursive: true })
    return new Spool(options, await recover(options.folder))
  }

  /** Sequence number of the frame that will be appended next. */
  get next(): number {
    return this.#next
  }

  /** Of the oldest frame that is kept. */
  get first(): number {
    return this.#segments[0]?.first ?? this.#next
  }

  /** Of all files. */
  get bytes(): number {
    return this.#bytes
  }

  /** Why nothing can be written at the moment. */
  get fault(): string | undefined {
    return this.#fault
  }

  get lastOffset(): unknown {
    return this.lastPlace?.offset
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes of files with frames from `sequence` on. */
  bytesFrom(sequence: number): number {
    let bytes = 0
    for (const [index, segment] of this.#segments.entries()) {
      if ((this.#segments[index + 1]?.first ?? this.#next) > sequence) bytes += segment.bytes
    }
    return bytes
  }

  /**
   * Resolves when the frames are safe, and the ledger's changes until then with them. A disk that is full or fails delays it: it is tried until it works.
   *
   * @throws Error when the spool was closed meanwhile
   */
  append(group: readonly Frames[]): Promise<void> {
    const appended = this.#last.then(() => this.#append(group))
    this.#last = appended.catch(() => {})
    return appended
  }

  /** Whole frames from number `from` to before `to`. They may begin later: what is missing is gone. */
  async read(from: number, to: number): Promise<Piece | undefined> {
    for (const segment of [...this.#segments]) {
      const index = this.#segments.indexOf(segment)
      if (index < 0) continue
      if ((this.#segments[index + 1]?.first ?? this.#next) <= from) continue
      if (segment.first >= to) return undefined
      const piece = await segment.read(Math.max(from, segment.first), to)
      if (piece !== undefined) return piece
    }
    return undefined
  }

  /** Nobody needs the frames before `sequence` any more. */
  cut(sequence: number): void {
    this.#needed = Math.max(this.#needed, sequence)
    for (let next = this.#segments[1]; next !== undefined; next = this.#segments[1]) {
      const [oldest] = this.#segments
      if (oldest === undefined || next.first > sequence) break
      this.#probe('cutting')
      this.#segments.shift()
      this.#bytes -= oldest.bytes
      void oldest.remove()
    }
  }

  /** What was appended stays. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#last
    await Promise.all(this.#segments.map((segment) => segment.close()))
  }

  /** With everything that is in it. */
  async remove(): Promise<void> {
    await this.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #append(group: readonly Frames[]): Promise<void> {
    let first = this.#next
    for (const { chunk, count } of group) {
      seal(chunk, KIND_FRAMES, count, first)
      first += count
    }
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        await this.#tryAppend(group)
        this.#fault = undefined
        this.#next = first
        return
      } catch (error) {
        this.#fault = error instanceof Error ? error.message : String(error)
        if (this.#isClosed) throw error
        await sleep(wait)
      }
    }
  }

  async #tryAppend(group: readonly Frames[]): Promise<void> {
    if (this.#isClosed) throw new Error('the spool is closed')
    if (group.length === 0 && !this.ledger.isChanged) return
    const segment = await this.#writable(group.length === 0)
    const noted = this.ledger.pending(segment.bytes === 0)
    const { changes } = this.ledger
    const metas = this.metas.after(segment.metas)
    const parts = group.map(({ chunk }) => chunk.bytes.subarray(0, chunk.used))
    if (noted.length > 0) parts.unshift(jsonRecord(KIND_LEDGER, noted))
    if (metas.length > 0) {
      const entries = metas.map(({ meta }): Meta => meta)
      parts.unshift(jsonRecord(KIND_METAS, entries, segment.metas + 1))
    }
    this.#probe('before write')
    const written = await segment.write(parts)
    this.#probe('after write')
    try {
      await segment.sync()
    } catch (error) {
      // After a failed sync nobody knows what the disk has of this file: it is written to no more.
      this.#active = undefined
      await segment.endWriting()
      if (segment.bytes === 0) this.#segments.pop()
      throw error
    }
    this.#probe('after sync')
    segment.wrote(written, this.#next)
    segment.metas += metas.length
    this.ledger.wrote(changes, this.#next + framesIn(group))
    this.#bytes += written
  }

  async #writable(isSmall: boolean): Promise<Segment> {
    const active = this.#active
    if (active !== undefined && (isSmall || active.bytes < this.segmentBytes)) return active
    const last = this.#segments.at(-1)
    const again = last?.first === this.#next ? last.again + 1 : 0
    const segment = new Segment(this.folder, this.#next, 0, again)
    try {
      await segment.create()
      // Only a name that is safe in its folder is found again.
      await syncFolder(this.folder)
    } catch (error) {
      await segment.endWriting()
      throw error
    }
    this.#probe('created')
    await active?.endWriting()
    this.#segments.push(segment)
    this.#active = segment
    // The one before it could not be cut while it was written.
    this.cut(this.#needed)
    return segment
  }
}

function framesIn(group: readonly Frames[]): number {
  let frames = 0
  for (const { count } of group) frames += count
  return frames
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
