import type { Buffer } from 'node:buffer'
import { FLAG_NOTE, FLAG_OFFSET_NUMBER, FRAME_HEADER_BYTES } from './frame.ts'

const parse = JSON.parse

/** So many tuples behind an offset are known; with several instances of a source, for each of them. */
export type Skip = number | readonly number[]

/** What a frame says of its tuple beside the payload. */
export interface Note {
  readonly offset?: unknown
  /**
   * So many tuples behind the offset have come with it: of an array, the offset is that before all of it. Each instance of a
   * source has an offset and a number of its own.
   */
  readonly skip?: Skip | undefined
  /** When it happened, as the source says, ms since the epoch. */
  readonly timestamp?: number | undefined
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** With FLAG_LINES: what in `meta` is one more with each line. */
  readonly counter?: string | undefined
}

/** The note of the frame at `at`; `undefined`: it has none. */
export function readNote(bytes: Buffer, view: DataView, at: number): Note | undefined {
  const flags = view.getUint32(at + 4, true)
  if ((flags & FLAG_NOTE) === 0) return undefined
  let start = at + FRAME_HEADER_BYTES
  if ((flags & FLAG_OFFSET_NUMBER) !== 0) start += 8
  const length = view.getUint32(start, true)
  return parse(bytes.toString('utf8', start + 4, start + 4 + length)) as Note // written by the host
}

/** The offset of the frame at `at`: a number in its header, or what its note says. */
export function readOffset(bytes: Buffer, view: DataView, at: number): unknown {
  const flags = view.getUint32(at + 4, true)
  if ((flags & FLAG_OFFSET_NUMBER) !== 0) return view.getFloat64(at + FRAME_HEADER_BYTES, true)
  return readNote(bytes, view, at)?.offset
}
