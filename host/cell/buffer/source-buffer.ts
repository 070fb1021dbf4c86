import type { Range } from '#src/worker/protocol.ts'
import type { SourceWriter, TupleExtra } from '../connectors/connector.ts'
import { ArrivalClock } from './arrival-clock.ts'
import { boundOf, isAt, isFarBehind } from './bound.ts'
import type { SourceBufferOptions, SpooledPast, TakeLimits } from './buffer-options.ts'
import { arrivalOf, type Chunk } from './chunk.ts'
import { ChunkQueue } from './chunk-queue.ts'
import { headOf, plainHead, restamp, writeHead } from './frame-head.ts'
import { type KnownMeta, type Meta, MetaTable } from './meta-table.ts'
import { countOf, firstOf, onFrame, type Position, Reader, type Segment } from './reader.ts'
import { RoomBell } from './room-bell.ts'

const TAKE_BYTES = 65_536
/** Makes no view on the way. */
const { copy } = Buffer.prototype

/**
 * The bounded buffer of one source: frames in chunks that never leave this thread; readers get copies. A tuple is unread
 * until the call that it was in is acknowledged, so nothing that a dead reader had in its hands is gone. The bound counts
 * what the fastest reader has not read, and what any lossless one has not. A slow reader that may lose tuples is moved on
 * once it is a whole bound behind the fastest.
 */
export class SourceBuffer implements SourceWriter {
  readonly bufferLength: number
  readonly bufferBytes: number
  readonly #dropPolicy: 'oldest' | 'newest'
  readonly #firstSequence: number
  readonly #clock: ArrivalClock
  readonly #onRing: () => void
  readonly #chunks = new ChunkQueue()
  readonly #metas: MetaTable
  readonly #spool: SpooledPast | undefined
  readonly #readers = new Set<Reader>()
  /** Sequence number of the next tuple. */
  #end: number
  #endBytes = 0
  /** No tuple gets this sequence number, no frame reaches beyond these bytes. */
  #limit: number
  #limitBytes: number
  #dropped = 0
  /** Of the dropped, those that were never written. */
  #leftOut = 0
  #highWater = 0
  #hadReaders = false
  readonly #roomBell = new RoomBell()

  constructor(options: SourceBufferOptions = {}) {
    this.bufferLength = options.bufferLength ?? 102_400
    this.bufferBytes = options.bufferBytes ?? 268_435_456
    this.#dropPolicy = options.dropPolicy ?? 'oldest'
    this.#firstSequence = options.firstSequence ?? 1
    this.#clock = options.clock ?? new ArrivalClock(options.now ?? Date.now)
    this.#metas = options.metas ?? new MetaTable()
    this.#spool = options.spool
    this.#onRing = options.onRing ?? (() => {})
    this.#end = this.#firstSequence
    this.#limit = this.#end + this.bufferLength
    this.#limitBytes = this.bufferBytes
  }

  /** Tuples that no reader will ever get. */
  get dropped(): number {
    return this.#dropped
  }

  /** Tuples ever written. */
  get written(): number {
    return this.#end - this.#firstSequence
  }

  /** Tuples that the source brought, whatever became of them. */
  get offered(): number {
    return this.written + this.#leftOut
  }

  /** When the newest tuple came, 0 before the first. */
  get lastArrival(): number {
    return this.#clock.lastStamp
  }

  /** Tuples that count against the bound. */
  get unread(): number {
    return this.#end - this.#limit + this.bufferLength
  }

  get unreadBytes(): number {
    return this.#endBytes - this.#limitBytes + this.bufferBytes
  }

  get highWater(): number {
    return Math.max(this.#highWater, this.unread)
  }

  get room(): number {
    return Math.max(0, this.#limit - this.#end)
  }

  get roomBytes(): number {
    return Math.max(0, this.#limitBytes - this.#endBytes)
  }

  write(bytes: Uint8Array, start: number, end: number, extra?: TupleExtra): boolean {
    const head = extra === undefined ? plainHead : headOf(extra)
    const need = head.length + end - start
    if (!this.#fits(need)) return this.#refuse(need)
    const chunk = this.#chunkFor(need)
    const place = writeHead(chunk, head, end - start, this.#clock.stamp())
    copy.call(bytes as Buffer, chunk.bytes, place, start, end)
    this.#wrote(chunk, need)
    return true
  }

  /** Appends a whole frame that `isFramed` has seen, with the time of now. @returns as `write` */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const need = end - start
    if (!this.#fits(need)) return this.#refuse(need)
    const chunk = this.#chunkFor(need)
    restamp(chunk, bytes.subarray(start, end), this.#clock.stamp())
    this.#wrote(chunk, need)
    return true
  }

  /** Appends frames that are in the spool; whoever put them there has minded the bound. */
  appendGroup(bytes: Uint8Array, start: number, end: number, count: number): void {
    const chunk = this.#chunkFor(end - start)
    chunk.bytes.set(bytes.subarray(start, end), chunk.used)
    this.#wrote(chunk, end - start)
    this.#end += count - 1
  }

  /** A tuple that found no room anywhere. */
  leaveOut(): void {
    this.#dropNewest()
  }

  drop(bytes: Uint8Array, start: number, end: number, extra?: TupleExtra): void {
    while (this.#dropPolicy === 'oldest' && this.#dropOldest()) {
      this.#dropped++
      if (this.write(bytes, start, end, extra)) return
    }
    this.#dropNewest()
  }

  ring(): void {
    this.#clock.endBurst()
    this.#onRing()
  }

  meta(meta: Meta): number {
    return this.#metas.intern(meta)
  }

  onRoom(listener: () => void): void {
    this.#roomBell.add(listener)
  }

  wantRoom(): void {
    this.#roomBell.isWanted = true
    this.#tellRoom()
  }

  /**
   * The first reader starts at the first tuple, any later one at the end. With `after`, one with a spool behind it goes on
   * after that tuple.
   */
  addReader(options: {
    readonly isLossless: boolean
    readonly after?: number | undefined
  }): Reader {
    const hasSpool = options.isLossless && this.#spool !== undefined
    const reader = new Reader(options.isLossless, this.#firstSequence, hasSpool)
    const { tail } = this.#chunks
    if (this.#hadReaders && tail !== undefined) {
      reader.next = { chunk: tail, at: tail.used, sequence: this.#end, bytes: this.#endBytes }
    }
    this.#hadReaders = true
    this.#readers.add(reader)
    this.#release()
    if (options.after === undefined || !hasSpool) return reader
    reader.recovered = Math.max(0, this.#firstSequence - options.after - 1)
    this.rewindTo(reader, options.after)
    return reader
  }

  removeReader(reader: Reader): void {
    this.#readers.delete(reader)
    this.#release()
  }

  /** Tuples that this reader has not acknowledged. */
  unreadOf(reader: Reader): number {
    if (reader.hasSpool) return this.#end - reader.oldestSequence
    return reader.heldTuples + this.#end - reader.sequence
  }

  /** Tuples that this reader was not sent. */
  pendingTuples(reader: Reader): number {
    let count = reader.isBehind ? 0 : this.#end - reader.sequence
    for (const segment of reader.again) count += countOf(segment)
    return count
  }

  /** Bytes of frames that this reader was not sent. */
  pendingBytes(reader: Reader): number {
    let bytes = reader.isBehind ? 0 : this.#endBytes - (reader.next?.bytes ?? 0)
    for (const { start, end } of reader.again) bytes += end.bytes - start.bytes
    return bytes
  }

  /** Nothing older than this will come out of `take`. ms since the epoch. */
  pendingSince(reader: Reader): number {
    if (reader.isBehind && reader.again.length === 0) return reader.pastArrival
    const place = reader.again[0]?.start ?? this.#nextOf(reader)
    if (place === undefined || place.sequence === this.#end) {
      return this.#spool?.oldestArrival() ?? this.#clock.look()
    }
    const { chunk, at } = onFrame(place)
    return arrivalOf(chunk.view, at)
  }

  /**
   * Copies of what this reader was not sent yet, as one call; empty when there is nothing, and then it is no call. Each
   * call is to be acknowledged, in order.
   */
  take(reader: Reader, { maxBytes = TAKE_BYTES, single = false }: TakeLimits = {}): Range[] {
    const segments: Segment[] = []
    const ranges: Range[] = []
    let left = maxBytes
    while (left > 0) {
      const segment = this.#nextSegment(reader, single)
      if (segment === undefined) break
      const { chunk, at } = segment.start
      ranges.push({
        buffer: chunk.buffer.slice(at, segment.end.at),
        count: countOf(segment),
        first: segment.start.sequence,
      })
      segments.push(segment)
      left = single ? 0 : left - (segment.end.at - at)
    }
    if (segments.length > 0) reader.sending(segments)
    if (reader.isBehind) this.#spool?.wanted(reader)
    return ranges
  }

  /** The oldest call of this reader came back. */
  acknowledge(reader: Reader): void {
    reader.acknowledge()
    this.#release()
  }

  /** The reader's worker is dead: its successor gets everything that was not acknowledged, metadata included. */
  rewind(reader: Reader): void {
    reader.rewind()
    this.#release()
  }

  /** The successor of a dead worker, or of a whole process, goes on after this tuple: from the spool. */
  rewindTo(reader: Reader, sequence: number): void {
    reader.rewindTo(sequence + 1)
    this.#release()
    if (reader.isBehind) this.#spool?.wanted(reader)
  }

  /** Takes the first tuple that would be sent next out of this reader's way. @returns a copy of its frame */
  setAside(reader: Reader): Range | undefined {
    const [range] = this.take(reader, { single: true })
    const call = reader.sent.pop()
    if (range === undefined || call === undefined) return undefined
    for (const segment of call.segments) if (segment.kept) reader.letGo(segment)
    this.#release()
    return range
  }

  /** Where the source goes on after this tuple; `undefined` when it did not say, or when nobody needs the tuple any more. */
  offsetOf(sequence: number): unknown {
    return sequence < this.#end ? this.#chunks.offsetOf(sequence) : undefined
  }

  /** Metadata that this reader was not sent; it counts as sent now. */
  newMetas(reader: Reader): KnownMeta[] {
    const metas = this.#metas.after(reader.knownMetas)
    reader.knownMetas = this.#metas.size
    return metas
  }

  #fits(need: number): boolean {
    return this.#end < this.#limit && this.#endBytes + need <= this.#limitBytes
  }

  /** @returns true for a tuple that is larger than the whole buffer: waiting would not help it */
  #refuse(need: number): boolean {
    if (need > this.bufferBytes) {
      this.#dropNewest()
      return true
    }
    this.#roomBell.isWanted = true
    this.#clock.endBurst()
    return false
  }

  #dropNewest(): void {
    this.#dropped++
    this.#leftOut++
    for (const reader of this.#readers) reader.dropped++
  }

  /** @returns false when everything that could make room is already in the readers' hands */
  #dropOldest(): boolean {
    let made = false
    const bound = boundOf(this.#readers)
    for (const reader of this.#readers) {
      if (!isAt(reader, bound) || this.pendingTuples(reader) === 0) continue
      const segment = this.#nextSegment(reader, true)
      if (segment === undefined) continue
      reader.letGo(segment)
      reader.dropped++
      made = true
      // What is in the hands of a reader that hangs must not keep all the chunks behind it.
      const kept = reader.oldest ?? segment.end
      const behind = segment.end.sequence - kept.sequence
      const behindBytes = segment.end.bytes - kept.bytes
      if (behind > 2 * this.bufferLength || behindBytes > 2 * this.bufferBytes) {
        reader.jump(segment.end)
      }
    }
    if (made) this.#release()
    return made
  }

  /** The next frames of one chunk for a reader, from then on held for it. */
  #nextSegment(reader: Reader, single: boolean): Segment | undefined {
    const again = reader.again[0]
    if (again !== undefined) {
      const first = single ? firstOf(again) : again
      if (first.end.sequence === again.end.sequence) reader.again.shift()
      else reader.again[0] = { start: first.end, end: again.end }
      return first
    }
    if (reader.isBehind) return undefined
    const place = this.#nextOf(reader)
    if (place === undefined || place.sequence === this.#end) return undefined
    const start = onFrame(place)
    const { chunk } = start
    const sequence = chunk.next?.first ?? this.#end
    const bytes = start.bytes + chunk.used - start.at
    const rest: Segment = { start, end: { chunk, at: chunk.used, sequence, bytes } }
    const segment = single ? firstOf(rest) : rest
    reader.next = segment.end
    reader.hold(segment)
    return segment
  }

  #nextOf(reader: Reader): Position | undefined {
    if (reader.next !== undefined) return reader.next
    const { head } = this.#chunks
    return head && { chunk: head, at: 0, sequence: head.first, bytes: 0 }
  }

  #chunkFor(need: number): Chunk {
    const { tail } = this.#chunks
    if (tail !== undefined && tail.used + need <= tail.buffer.byteLength) return tail
    return this.#chunks.extend(need, this.#end)
  }

  #wrote(chunk: Chunk, need: number): void {
    chunk.used += need
    this.#end++
    this.#endBytes += need
  }

  /** Moves the bound with the readers, slow ones up to the bound behind the fastest, and frees what everyone has. */
  #release(): void {
    this.#highWater = this.highWater
    const bound = this.#readers.size > 0 ? boundOf(this.#readers) : undefined
    this.#limit = (bound?.read ?? this.#end) + this.bufferLength
    this.#limitBytes = (bound?.readBytes ?? this.#endBytes) + this.bufferBytes
    if (bound?.fastest?.oldest !== undefined) this.#moveSlow(bound.fastest.oldest)
    let oldest = this.#hadReaders ? Number.POSITIVE_INFINITY : 0
    for (const reader of this.#readers) oldest = Math.min(oldest, reader.oldest?.chunk.number ?? 0)
    this.#chunks.releaseBefore(oldest)
    this.#tellRoom()
  }

  #moveSlow(fastest: Position): void {
    for (const reader of this.#readers) {
      if (!isFarBehind(reader, fastest, this)) continue
      reader.next ??= this.#nextOf(reader)
      reader.jump(fastest)
      if (reader.isBehind) this.#spool?.wanted(reader)
    }
  }

  #tellRoom(): void {
    if (!this.#roomBell.isWanted) return
    if (this.room < Math.ceil(this.bufferLength / 4)) return
    if (this.roomBytes >= this.bufferBytes / 4) this.#roomBell.ring()
  }
}
