import type { LongMode } from './source-config.ts'

const NEWLINE = 10
const RETURN = 13
const OPENING = 0x7b
const CLOSING = 0x7d
const DIGITS = 16
/** So much goes over in one piece, about. */
const PIECE_BYTES = 32_768

/** Some lines of a block. */
export interface Piece {
  readonly start: number
  /** Without the last newline. */
  readonly end: number
  /** Lines that are not empty. */
  readonly count: number
  /** All of them may go over as they are: each looks like an object, and holds no number that a double would not. */
  readonly arePlain: boolean
}

/** Cuts lines into pieces of at most so many. Looks at ends only: whether each line is JSON shows when it is decoded. */
export function* linePieces(
  bytes: Uint8Array,
  maxLines: number,
  longs: LongMode,
): Generator<Piece, void, undefined> {
  for (let start = 0; start < bytes.length; ) {
    let count = 0
    let arePlain = longs !== 'bigint'
    let end = start
    let at = start
    while (at < bytes.length && count < maxLines && at - start < PIECE_BYTES) {
      const found = bytes.indexOf(NEWLINE, at)
      end = found < 0 ? bytes.length : found
      const last = end > at && bytes[end - 1] === RETURN ? end - 1 : end
      if (last > at) {
        count++
        if (bytes[at] !== OPENING || bytes[last - 1] !== CLOSING) arePlain = false
      }
      at = end + 1
    }
    if (arePlain && longs === 'auto') arePlain = !hasLongNumber(bytes, start, end)
    yield { start, end, count, arePlain }
    start = at
  }
}

/** As in `exact-json.ts`, over bytes. */
function hasLongNumber(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from + DIGITS - 1; i < to; i += DIGITS) {
    if (!isDigit(bytes[i])) continue
    let start = i
    while (start > from && isDigit(bytes[start - 1])) start--
    let end = i + 1
    while (end < to && isDigit(bytes[end])) end++
    if (end - start >= DIGITS && bytes[start - 1] !== 0x2e) return true
  }
  return false
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}
