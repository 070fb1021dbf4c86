const { toISOString } = Date.prototype
const DateOf = Date
const { Instant } = Temporal

/** The latest and earliest time that a date can be, in ms before and after the epoch. */
const MAX_TIME = 8.64e15

export type TimeText = (ms: number) => string

/** Epoch milliseconds as RFC 3339 in a zone: `2024-02-29T13:45:30.123Z`, `2024-02-29T21:45:30.123+08:00`. */
export function timeText(timeZone: string): TimeText {
  const isUtc = timeZone === '' || timeZone === 'UTC' || timeZone === 'Etc/UTC'
  return isUtc ? utcText : (ms) => zonedText(ms, timeZone)
}

/** True for numbers that are a time. */
export function isTime(ms: number): boolean {
  return ms >= -MAX_TIME && ms <= MAX_TIME
}

function utcText(ms: number): string {
  return toISOString.call(new DateOf(ms))
}

function zonedText(ms: number, timeZone: string): string {
  const instant = Instant.fromEpochMilliseconds(Math.trunc(ms))
  return instant.toString({ timeZone, fractionalSecondDigits: 3 })
}
