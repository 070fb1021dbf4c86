export interface SourceBufferOptions {
  /** Tuples not yet read, at most. @default 102400 */
  readonly bufferLength?: number | undefined
  /** Bytes of frames not yet read, at most. @default 268435456 */
  readonly bufferBytes?: number | undefined
  /** Who makes room when the source cannot wait. @default 'oldest' */
  readonly dropPolicy?: 'oldest' | 'newest' | undefined
  /** Sequence number of the first tuple. @default 1 */
  readonly firstSequence?: number | undefined
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
