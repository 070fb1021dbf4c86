import type { Reader } from './reader.ts'

export interface Bound {
  /** From where unread tuples and bytes are counted. */
  readonly read: number
  readonly readBytes: number
  readonly fastest: Reader | undefined
}

/** What the fastest reader has read counts, unless a lossless one has read less. */
export function boundOf(readers: Iterable<Reader>): Bound {
  let fastest: Reader | undefined
  let [read, readBytes] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [kept, keptBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const reader of readers) {
    if (reader.read > read) fastest = reader
    read = Math.max(read, reader.read)
    readBytes = Math.max(readBytes, reader.readBytes)
    if (!reader.isLossless) continue
    kept = Math.min(kept, reader.read)
    keptBytes = Math.min(keptBytes, reader.readBytes)
  }
  return { read: Math.min(read, kept), readBytes: Math.min(readBytes, keptBytes), fastest }
}
