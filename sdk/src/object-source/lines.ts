const NEWLINE = 10

/** Whole lines of a stream, cut at the byte and decoded together; a line longer than `maxBytes` is left out. */
export interface LineBlock {
  /** One or more lines with newlines between; the last one without. */
  readonly text: string
  readonly bytes: number
  /** A line before these was too long. */
  readonly overlong: boolean
}

/** Cuts a stream of bytes at its last newline each time, so that no character is split and lines are decoded in one go. */
export async function* lineBlocks(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<LineBlock, void, undefined> {
  const decoder = new TextDecoder()
  let carried: Uint8Array[] = []
  let carriedBytes = 0
  let overlong = false
  for await (const chunk of stream) {
    const last = chunk.lastIndexOf(NEWLINE)
    if (last < 0) {
      if (!overlong) carried.push(chunk.slice())
      carriedBytes += chunk.length
    } else {
      const first = carriedBytes > maxBytes ? chunk.indexOf(NEWLINE) + 1 : 0
      const isLong = overlong || first > 0
      const head = chunk.subarray(first, Math.max(first, last))
      const whole = isLong || carried.length === 0 ? head : joined([...carried, head])
      yield { text: decoder.decode(whole), bytes: whole.length, overlong: isLong }
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
  const rest = joined(carried)
  yield { text: decoder.decode(rest), bytes: rest.length, overlong }
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
