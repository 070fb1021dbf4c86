const NEWLINE = 10

/** Whole lines of a stream, cut at the byte; a line longer than `maxBytes` is left out. */
export interface LineBlock {
  /** One or more lines with newlines between; the last one without. May be part of what the stream gave. */
  readonly bytes: Uint8Array
  /** A line before these was too long. */
  readonly overlong: boolean
}

/** Cuts a stream of bytes at its last newline each time, so that no character is split and lines can be decoded in one go. */
export async function* lineBlocks(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<LineBlock, void, undefined> {
  let carried: Uint8Array[] = []
  let carriedBytes = 0
  let overlong = false
  for await (const chunk of stream) {
    const last = chunk.lastIndexOf(NEWLINE)
    if (last < 0) {
      if (!overlong) carried.push(chunk.slice())
      carriedBytes += chunk.length
    } else {
      // The end of the line that was carried; the rest is not copied.
      const first = carriedBytes === 0 ? 0 : chunk.indexOf(NEWLINE) + 1
      const isLong = overlong || carriedBytes > maxBytes
      if (carriedBytes > 0 && !isLong) {
        yield { bytes: joined([...carried, chunk.subarray(0, first - 1)]), overlong: false }
      }
      if (isLong || last > first)
        yield { bytes: chunk.subarray(first, Math.max(first, last)), overlong: isLong }
      carried = [chunk.slice(last + 1)]
      carriedBytes = chunk.length - last - 1
      overlong = false
    }
    if (carriedBytes > maxBytes) {
      carried = []
      overlong = true
    }
  }
  if (carriedBytes === 0) return
  yield { bytes: joined(carried), overlong }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0]
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
