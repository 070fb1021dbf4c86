import type { ArrivalClock } from './arrival-clock.ts'
import type { MetaTable } from './meta-table.ts'
import type { Reader } from './reader.ts'

/** Where tuples are that the chunks do not hold any more. */
export interface SpooledPast {
  /** This reader has to be given tuples from there; called again and again while it is behind. */
  wanted(reader: Reader): void
  /** Of the oldest tuple that is on its way into the buffer. ms since the epoch. */
  oldestArrival(): number | undefined
}

export interface SourceBufferOptions {
  /** Tuples not yet read, at most. @default 102400 */
  readonly bufferLength?: number | undefined
  /** Bytes of frames not yet read, at most. @default 268435456 */
  readonly bufferBytes?: number | undefined
  /** Who makes room when the source cannot wait. @default 'oldest' */
  readonly dropPolicy?: 'oldest' | 'newest' | undefined
  /** Sequence number of the first tuple. @default 1 */
  readonly firstSequence?: number | undefined
  /** Stamps the tuples, when something else does so too. */
  readonly clock?: ArrivalClock | undefined
  readonly metas?: MetaTable | undefined
  /** A lossless reader that falls behind, or goes back, reads from there. */
  readonly spool?: SpooledPast | undefined
  /** ms since the epoch. */
  readonly now?: (() => number) | undefined
  /** Readers may be woken. */
  readonly onRing?: (() => void) | undefined
}

export interface TakeLimits {
  /** About so many: whole chunks are taken. @default 65536 */
  readonly maxBytes?: number | undefined
  /** One tuple and no more. */
  readonly single?: boolean | undefined
}
