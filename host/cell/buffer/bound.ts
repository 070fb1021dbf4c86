import type { Position, Reader } from './reader.ts'

export interface Bound {
  /** From where unread tuples and bytes are counted. */
  readonly read: number
  readonly readBytes: number
  readonly fastest: Reader | undefined
}

/** What the fastest reader has read counts, unless a lossless one without a spool has read less. */
export function boundOf(readers: Iterable<Reader>): Bound {
  let fastest: Reader | undefined
  let [read, readBytes] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [kept, keptBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const reader of readers) {
    if (reader.read > read) fastest = reader
    read = Math.max(read, reader.read)
    readBytes = Math.max(readBytes, reader.readBytes)
    if (!reader.isLossless || reader.hasSpool) continue
    kept = Math.min(kept, reader.read)
    keptBytes = Math.min(keptBytes, reader.readBytes)
  }
  return { read: Math.min(read, kept), readBytes: Math.min(readBytes, keptBytes), fastest }
}

/** A reader that may be moved on is a whole bound behind the fastest. */
export function isFarBehind(
  reader: Reader,
  fastest: Position,
  { bufferLength, bufferBytes }: { readonly bufferLength: number; readonly bufferBytes: number },
): boolean {
  if (reader.isLossless && !reader.hasSpool) return false
  const behind = fastest.sequence - (reader.oldest?.sequence ?? reader.sequence)
  const behindBytes = fastest.bytes - (reader.oldest?.bytes ?? 0)
  return behind > bufferLength || behindBytes > bufferBytes
}

/** The bound is where it is because of this reader. */
export function isAt(reader: Reader, { read, readBytes }: Bound): boolean {
  return reader.read === read || reader.readBytes === readBytes
}
