const NEWLINE = 10
const RETURN = 13

/** One line, and where the next one begins. */
export interface Line {
  readonly bytes: Uint8Array
  readonly end: number
}

/**
 * The lines of a part of a file that are complete; a line that has no end yet is left for later.
 *
 * @param at where the part lies in the file
 * @param isWhole nothing will follow: what is left is a line, too
 */
export function* linesOf(part: Uint8Array, at: number, isWhole: boolean): Generator<Line> {
  let from = 0
  for (let end = part.indexOf(NEWLINE); end >= 0; end = part.indexOf(NEWLINE, from)) {
    const last = end > from && part[end - 1] === RETURN ? end - 1 : end
    yield { bytes: part.slice(from, last), end: at + end + 1 }
    from = end + 1
  }
  if (isWhole && from < part.length) yield { bytes: part.slice(from), end: at + part.length }
}
