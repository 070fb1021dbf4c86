import type { ArrivalClock } from '../buffer/arrival-clock.ts'
import { arrivalOf, CHUNK_BYTES, type Chunk } from '../buffer/chunk.ts'
import { headOf, placeIn, plainHead, restamp, writeHead } from '../buffer/frame-head.ts'
import type { Meta } from '../buffer/meta-table.ts'
import { RoomBell } from '../buffer/room-bell.ts'
import type { SourceBuffer } from '../buffer/source-buffer.ts'
import type { SourceLedger, SourceWriter, TupleExtra } from '../connectors/connector.ts'
import { newRecord, RECORD_HEADER_BYTES } from './record.ts'
import type { Frames, Spool } from './spool.ts'

export interface SpoolWriterOptions {
  readonly spool: Spool
  readonly buffer: SourceBuffer
  readonly clock: ArrivalClock
  /** A group is safe. */
  onSafe(): void
}

interface Staged {
  readonly chunk: Chunk
  count: number
  /** Where the last frame begins. */
  last: number
}

const { copy } = Buffer.prototype
/** Bytes that wait for the disk, at most. */
const STAGED_BYTES = 16_777_216
const SPARES = 8

/**
 * The writing end of a source whose tuples must survive: they go to the spool first, in groups, and to the readers once
 * their group is safe. While one group is synced the next one collects.
 */
export class SpoolWriter implements SourceWriter {
  readonly #spool: Spool
  readonly #buffer: SourceBuffer
  readonly #clock: ArrivalClock
  readonly #onSafe: () => void
  readonly #recordBytes: number
  readonly ledger: SourceLedger
  /** Sequence number of the tuple that will be written next. */
  #next: number
  #staged: Staged[] = []
  /** Away to the disk. */
  #writing: readonly Staged[] = []
  /** Of both. */
  #count = 0
  #bytes = 0
  #isFlushing = false
  /** Called when what is staged, or what is away, is safe. */
  #onStaged: (() => void)[] = []
  #onWriting: (() => void)[] = []
  readonly #spares: Chunk[] = []
  readonly #roomBell = new RoomBell()
  #isWaiting = false

  constructor({ spool, buffer, clock, onSafe }: SpoolWriterOptions) {
    this.#spool = spool
    this.#buffer = buffer
    this.#clock = clock
    this.#onSafe = onSafe
    this.#next = spool.next
    this.ledger = spool.ledger.of(() => this.#next)
    this.#recordBytes = Math.min(CHUNK_BYTES, spool.segmentBytes)
  }

  get room(): number {
    return this.isFull ? 0 : Math.max(0, this.#buffer.room - this.#count)
  }

  /** The files have reached their limit: only a commit makes room. */
  get isFull(): boolean {
    return this.#spool.bytes + this.#bytes >= this.#spool.limitBytes
  }

  /** Arrival of the oldest tuple that is not safe yet. */
  get oldestArrival(): number | undefined {
    const oldest = this.#writing[0] ?? this.#staged[0]
    return oldest && arrivalOf(oldest.chunk.view, RECORD_HEADER_BYTES)
  }

  write(bytes: Uint8Array, start: number, end: number, extra?: TupleExtra): boolean {
    const head = extra === undefined ? plainHead : headOf(extra)
    const need = head.length + end - start
    if (!this.#fits(need)) return this.#refuse(need)
    const staged = this.#stagedFor(need)
    const { chunk } = staged
    const place = writeHead(chunk, head, end - start, this.#clock.stamp())
    copy.call(bytes as Buffer, chunk.bytes, place, start, end)
    this.#wrote(staged, need)
    return true
  }

  /** As `SourceBuffer.append`. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const need = end - start
    if (!this.#fits(need)) return this.#refuse(need)
    const staged = this.#stagedFor(need)
    const { chunk } = staged
    restamp(chunk, bytes.subarray(start, end), this.#clock.stamp())
    this.#wrote(staged, need)
    return true
  }

  /** What has no room is left out: what stands in the spool is promised to someone. */
  drop(): void {
    this.#buffer.leaveOut()
  }

  ring(): void {
    this.#clock.endBurst()
    if (!this.#isFlushing && this.#isWaitingForDisk) void this.#flush()
  }

  meta(meta: Meta): number {
    return this.#spool.metas.intern(meta)
  }

  onRoom(listener: () => void): void {
    this.#roomBell.add(listener)
  }

  wantRoom(): void {
    this.#roomBell.isWanted = true
    this.tellRoom()
  }

  whenDurable(listener: () => void): void {
    if (this.#isWaitingForDisk) this.#onStaged.push(listener)
    else if (this.#isFlushing) this.#onWriting.push(listener)
    else listener()
  }

  /** Something that may make room has happened. */
  tellRoom(): void {
    if (!this.#roomBell.isWanted || this.isFull || this.#bytes > STAGED_BYTES / 2) return
    if (this.#buffer.room - this.#count < Math.ceil(this.#buffer.bufferLength / 4)) {
      this.#awaitBuffer()
      return
    }
    this.#roomBell.ring()
  }

  get #isWaitingForDisk(): boolean {
    return this.#staged.length > 0 || this.#onStaged.length > 0 || this.#spool.ledger.isChanged
  }

  #fits(need: number): boolean {
    return (
      this.#buffer.room > this.#count &&
      this.#buffer.roomBytes >= this.#bytes + need &&
      this.#bytes < STAGED_BYTES &&
      !this.isFull
    )
  }

  #refuse(need: number): boolean {
    if (need > Math.min(this.#buffer.bufferBytes, this.#spool.limitBytes / 2)) {
      this.#buffer.leaveOut()
      return true
    }
    this.ring()
    this.#roomBell.isWanted = true
    // After the caller has put in its listener.
    queueMicrotask(() => this.tellRoom())
    return false
  }

  #awaitBuffer(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    queueMicrotask(() => {
      this.#buffer.onRoom(() => {
        this.#isWaiting = false
        // Told again and again while tuples that are away fill the room: their end tells.
        if (this.#count === 0) this.tellRoom()
      })
      this.#buffer.wantRoom()
    })
  }

  #stagedFor(need: number): Staged {
    const last = this.#staged.at(-1)
    if (last !== undefined && last.chunk.used + need <= last.chunk.bytes.length) return last
    const usual = this.#recordBytes
    const chunk = need <= usual ? (this.#spares.pop() ?? newRecord(usual)) : newRecord(need)
    chunk.used = RECORD_HEADER_BYTES
    const staged = { chunk, count: 0, last: 0 }
    this.#staged.push(staged)
    return staged
  }

  #wrote(staged: Staged, need: number): void {
    staged.last = staged.chunk.used
    staged.chunk.used += need
    staged.count++
    this.#next++
    this.#count++
    this.#bytes += need
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true
    try {
      while (this.#isWaitingForDisk) await this.#flushGroup()
    } catch {
      // The spool was closed: nobody was told that these are safe.
    }
    this.#isFlushing = false
  }

  /** No more than a segment: only a segment that is ended can be cut. */
  #takeGroup(): readonly Staged[] {
    let [count, bytes] = [0, 0]
    for (const { chunk } of this.#staged) {
      bytes += chunk.used
      if (count > 0 && bytes > this.#spool.segmentBytes) break
      count++
    }
    return this.#staged.splice(0, count)
  }

  async #flushGroup(): Promise<void> {
    const group = this.#takeGroup()
    this.#writing = group
    if (this.#staged.length === 0) {
      this.#onWriting = this.#onStaged
      this.#onStaged = []
    }
    await this.#spool.append(group satisfies readonly Frames[])
    this.#writing = []
    for (const { chunk, count } of group) {
      const bytes = chunk.used - RECORD_HEADER_BYTES
      this.#buffer.appendGroup(chunk.bytes, RECORD_HEADER_BYTES, chunk.used, count)
      this.#count -= count
      this.#bytes -= bytes
    }
    const last = group.at(-1)
    if (last !== undefined) {
      const place = placeIn(last.chunk.view, last.last)
      if (place.offset !== undefined || this.#spool.lastOffset === undefined) {
        this.#spool.lastPlace = place
      }
    }
    for (const { chunk } of group) {
      const isUsual = chunk.bytes.length === RECORD_HEADER_BYTES + this.#recordBytes
      if (isUsual && this.#spares.length < SPARES) this.#spares.push(chunk)
    }
    const listeners = this.#onWriting
    this.#onWriting = []
    for (const listener of listeners) listener()
    this.#buffer.ring()
    this.#onSafe()
    this.tellRoom()
  }
}
