import { guessTime } from './time-guess.ts'
import { timePattern } from './time-pattern.ts'

/** Milliseconds since the epoch; `undefined` when the text is no time. */
export type TimeReader = (text: string) => number | undefined

/**
 * Reads texts of one format, or, without one, of the usual ones. A text without a zone is read in `timeZone`.
 *
 * @throws Error for a format that cannot be
 */
export function timeReader(format: string | undefined, timeZone: string): TimeReader {
  if (format === undefined) return (text) => guessTime(text, timeZone)
  const pattern = timePattern(format)
  return (text) => pattern.parse(text, timeZone)
}
