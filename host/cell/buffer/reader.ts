import { type Chunk, frameEnd } from './chunk.ts'

/** A place between two frames. */
export interface Position {
  readonly chunk: Chunk
  /** Of the chunk, in bytes. */
  readonly at: number
  /** Of the frame that begins here. */
  readonly sequence: number
  /** Bytes of frames before this place, since the source began. */
  readonly bytes: number
}

/** Frames that follow each other without a gap. */
export interface Segment {
  readonly start: Position
  readonly end: Position
}

interface SentSegment extends Segment {
  /** False: the reader has fallen too far behind for these to be sent again. They are lost when it dies. */
  kept: boolean
}

/** Frames that came from the spool, in a chunk of their own. */
export interface PastFrames {
  readonly chunk: Chunk
  readonly count: number
  readonly first: number
}

/** One call's worth of segments, in order. */
export interface SentCall {
  readonly segments: SentSegment[]
}

/**
 * Where one reader is. Unread is what it has not acknowledged: `sent` (in its hands), then `again` (it was in the hands of
 * one that died), then everything from `next` on.
 */
export class Reader {
  /** A lossless reader holds the source back; any other one is moved on when it falls behind. */
  readonly isLossless: boolean
  readonly sent: SentCall[] = []
  again: Segment[] = []
  /** `undefined`: at the very beginning, nothing was written yet. */
  next: Position | undefined
  /** Tuples and bytes that are kept in `sent` and in `again`. */
  heldTuples = 0
  heldBytes = 0
  /** Tuples that were in the buffer, or meant for it, and that this reader never got. */
  dropped = 0
  /** Metadata up to this reference is known to the reader. */
  knownMetas = 0

  /** What it has not acknowledged is in the spool: nothing has to be kept for it, and it goes back to any tuple. */
  readonly hasSpool: boolean
  /** Tuples of an earlier life that it has to read. */
  recovered = 0
  /** Arrival of the last tuple that came from the spool. */
  pastArrival = 0
  /** Tuples from this one to before `next` are to come from the spool. `again` is then what has come. */
  #past = Number.POSITIVE_INFINITY
  readonly #firstSequence: number

  constructor(isLossless: boolean, firstSequence: number, hasSpool = false) {
    this.isLossless = isLossless
    this.hasSpool = hasSpool
    this.#firstSequence = firstSequence
  }

  /** What it reads next, or soon, has to come from the spool. */
  get isBehind(): boolean {
    return this.#past < this.sequence
  }

  /** The next tuple to come from the spool. */
  get past(): number {
    return this.#past
  }

  /** Sequence number of the tuple that is sent next. */
  get upcoming(): number {
    return this.again[0]?.start.sequence ?? (this.isBehind ? this.#past : this.sequence)
  }

  /** Of the oldest tuple that it has not acknowledged. */
  get oldestSequence(): number {
    return this.sent[0]?.segments[0]?.start.sequence ?? this.upcoming
  }

  /** Sequence number of the next tuple that it has never been sent. */
  get sequence(): number {
    return this.next?.sequence ?? this.#firstSequence
  }

  /** Where it would be if it had read what it has, in order. The bound counts from here. */
  get read(): number {
    return this.sequence - this.heldTuples
  }

  get readBytes(): number {
    return (this.next?.bytes ?? 0) - this.heldBytes
  }

  /** The oldest place that has to be kept for it. */
  get oldest(): Position | undefined {
    for (const call of this.sent) {
      for (const segment of call.segments) if (segment.kept) return segment.start
    }
    return this.hasSpool ? this.next : (this.again[0]?.start ?? this.next)
  }

  sending(segments: readonly Segment[]): void {
    this.sent.push({
      segments: segments.map(({ start, end }) => ({ start, end, kept: !isPast(start) })),
    })
  }

  /** The tuples from the spool before this one are gone. */
  lost(before: number): void {
    this.dropped += before - this.#past
    this.#goPast(before)
  }

  /** Frames from the spool have come; those before them are gone. `undefined`: all of them are. */
  came(frames: PastFrames | undefined, lastArrival: number): void {
    const first = frames?.first ?? this.sequence
    if (first > this.#past) this.lost(first)
    if (frames === undefined) return
    const { chunk, count } = frames
    const start = { chunk, at: 0, sequence: first, bytes: 0 }
    const end = { chunk, at: chunk.used, sequence: first + count, bytes: chunk.used }
    this.again.push({ start, end })
    this.#goPast(first + count)
    this.pastArrival = lastArrival
  }

  /** The tuples from this one on are read again, from the spool. */
  rewindTo(sequence: number): void {
    if (!this.hasSpool) throw new Error('this reader has no spool')
    this.sent.length = 0
    this.again = []
    this.heldTuples = 0
    this.heldBytes = 0
    this.knownMetas = 0
    this.#goPast(sequence)
  }

  /** `next` goes on, and this one must not seem to be behind it then. */
  #goPast(sequence: number): void {
    this.#past = sequence < this.sequence ? sequence : Number.POSITIVE_INFINITY
  }

  hold(segment: Segment): void {
    this.heldTuples += countOf(segment)
    this.heldBytes += bytesOf(segment)
  }

  letGo(segment: Segment): void {
    this.heldTuples -= countOf(segment)
    this.heldBytes -= bytesOf(segment)
  }

  /** The oldest call came back. */
  acknowledge(): void {
    const call = this.sent.shift()
    if (call === undefined) throw new Error('no call of this reader is away')
    for (const segment of call.segments) if (segment.kept) this.letGo(segment)
  }

  /** What was sent and not acknowledged is to be sent again. */
  rewind(): void {
    if (this.hasSpool) {
      this.rewindTo(this.oldestSequence)
      return
    }
    const lost = this.sent.flatMap((call) => call.segments)
    for (const segment of lost) if (!segment.kept) this.dropped += countOf(segment)
    this.again = [...lost.filter((segment) => segment.kept), ...this.again]
    this.sent.length = 0
    this.knownMetas = 0
  }

  /** Gives up everything before `place`; only what was not even sent is counted as dropped. */
  jump(place: Position): void {
    for (const call of this.sent) {
      for (const segment of call.segments) {
        if (!segment.kept || segment.start.sequence >= place.sequence) continue
        segment.kept = false
        this.letGo(segment)
      }
    }
    if (this.hasSpool) {
      const { sequence } = this
      if (sequence >= place.sequence) return
      if (!this.isBehind) this.#past = sequence
      this.next = place
      return
    }
    const left: Segment[] = []
    for (const segment of this.again) {
      if (segment.start.sequence >= place.sequence) {
        left.push(segment)
        continue
      }
      this.letGo(segment)
      this.dropped += countOf(segment)
    }
    this.again = left
    if (this.next !== undefined && this.next.sequence < place.sequence) {
      this.dropped += place.sequence - this.next.sequence
      this.next = place
    }
  }
}

export function countOf({ start, end }: Segment): number {
  return end.sequence - start.sequence
}

export function bytesOf({ start, end }: Segment): number {
  return end.bytes - start.bytes
}

/** The chunk holds what came from the spool: nobody writes it any more, and none follows it. */
function isPast({ chunk }: Position): boolean {
  return chunk.number === Number.POSITIVE_INFINITY
}

/** The same place, at the start of a frame instead of the end of the chunk before. There must be a frame. */
export function onFrame(place: Position): Position {
  const { next } = place.chunk
  if (place.at < place.chunk.used || next === undefined) return place
  return { ...place, chunk: next, at: 0 }
}

/** The first frame of a segment. */
export function firstOf({ start, end }: Segment): Segment {
  if (end.sequence - start.sequence <= 1) return { start, end }
  const { chunk, sequence, bytes } = start
  const at = frameEnd(chunk.view, start.at)
  const after = { chunk, at, sequence: sequence + 1, bytes: bytes + at - start.at }
  return { start, end: after }
}
