import type { Buffer } from 'node:buffer'
import type { Note } from './frame-note.ts'

const NEWLINE = 10
const RETURN = 13

/** Calls with start and end of each line in `bytes[start, end)` that is not empty. */
export function eachLine(
  bytes: Buffer,
  start: number,
  end: number,
  line: (from: number, to: number) => void,
): void {
  // Of the last line no end is looked for in what follows.
  const until = bytes.subarray(0, end)
  for (let from = start; from < end; ) {
    const found = until.indexOf(NEWLINE, from)
    const to = found < 0 ? end : found
    const last = to > from && bytes[to - 1] === RETURN ? to - 1 : to
    if (last > from) line(from, last)
    from = to + 1
  }
}

/** What the note of a frame of lines says of the line `nth`, which counts from 0. */
export function noteOfLine(note: Note | undefined, nth: number): Note | undefined {
  const { meta, counter } = note ?? {}
  if (nth === 0 || meta === undefined || counter === undefined) return note
  const first = meta[counter]
  return typeof first === 'number' ? { ...note, meta: { ...meta, [counter]: first + nth } } : note
}
