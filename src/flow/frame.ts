/**
 * A frame is one tuple in a chunk, little endian:
 *
 *     u32  length of the payload in bytes
 *     u32  flags in the low 8 bits, metadata reference in the high 24 (0: none)
 *     f64  time of arrival, ms since the epoch; never decreasing within a source
 *     f64  offset, only with FLAG_OFFSET_NUMBER
 *     u32  length of a note, then the note, only with FLAG_NOTE: JSON `{ offset?, timestamp?, meta?, counter? }`
 *     …    the payload
 *
 * Sequence numbers are not stored: a range says that of its first frame, and frames follow without gaps.
 */
export const FRAME_HEADER_BYTES = 16

/** How the payload is to be read: by the stream's FORMAT, as JSON, or as v8 serialization of a row. */
export const FLAG_ENCODING = 0b0000_0011
export const ENCODING_FORMAT = 0
export const ENCODING_JSON = 1
export const ENCODING_V8 = 2
export const FLAG_OFFSET_NUMBER = 0b0000_0100
export const FLAG_NOTE = 0b0000_1000
/**
 * The payload is not one value but lines of them, each a row with the frame's arrival, note and offset: the tuple of a
 * source that reads many rows at a time. Empty lines are nothing.
 */
export const FLAG_LINES = 0b0001_0000

export const MAX_META_REFERENCE = 0xff_ffff

/** The start of the payload behind the header at `at`. */
export function payloadStart(view: DataView, at: number): number {
  const flags = view.getUint32(at + 4, true)
  let start = at + FRAME_HEADER_BYTES
  if ((flags & FLAG_OFFSET_NUMBER) !== 0) start += 8
  if ((flags & FLAG_NOTE) !== 0) start += 4 + view.getUint32(start, true)
  return start
}
