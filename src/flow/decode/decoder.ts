import type { Row } from '#src/operators/operator.ts'

/** The payload is malformed, or breaks the schema of a strict stream: `error` says why. */
export const DECODED_NONE = 0
/** One row: `row` is filled. */
export const DECODED_ONE = 1
/** An array payload: `rows` has a row per element, in order; may be empty. */
export const DECODED_MANY = 2

/** One of the DECODED_… numbers. */
export type Decoded = 0 | 1 | 2

/**
 * Payloads of one source to rows. Made once per source and flow.
 *
 * When the columns are known (the plan names them, or the schema does), a row has exactly these keys in that order, then
 * the hidden columns of the plan (`meta[].as`, `timeAs`), so that all rows share one hidden class. The decoder leaves the
 * hidden columns alone: the stage sets them in `row`, and `take()` copies them. What the payload does not have is
 * `undefined`, an explicit null is `null`. Without known columns (`SELECT *`, no schema) a row is the whole payload.
 */
export interface Decoder {
  /**
   * What the last `decode` that returned DECODED_ONE read. The same object each time when columns are known: whoever
   * keeps a row calls `take()`. Read the property after each `decode`, since for `SELECT *` it is another object then.
   */
  readonly row: Row
  /** The rows of the last `decode` that returned DECODED_MANY; they belong to the caller. */
  readonly rows: readonly Row[]
  /** Why the last `decode` returned DECODED_NONE. */
  readonly error: string
  /**
   * Reads the payload in `bytes[start, end)`.
   * @param bytes the whole chunk, over the same memory as `view`
   * @param flags of the frame; FLAG_ENCODING says whether the payload is in the stream's FORMAT
   */
  decode(bytes: Buffer, view: DataView, start: number, end: number, flags: number): Decoded
  /** A copy of `row` that belongs to the caller. Call it at most once per `decode`. */
  take(): Row
}
