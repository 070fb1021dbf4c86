import { guessTime } from './time-guess.ts'
import { timePattern } from './time-pattern.ts'

/**
 * Milliseconds since the epoch; `undefined` when the text is no time of this format, or, without a format, of none of the
 * usual ones. A text without a zone is read in `timeZone`. For many texts of one format compile it once: `timePattern`.
 */
export function parseTime(
  text: string,
  format: string | undefined,
  timeZone: string,
): number | undefined {
  return format === undefined
    ? guessTime(text, timeZone)
    : timePattern(format).parse(text, timeZone)
}

/** For many times of one format compile it once: `timePattern`. */
export function formatTime(ms: number, format: string, timeZone: string): string {
  return timePattern(format).format(ms, timeZone)
}
