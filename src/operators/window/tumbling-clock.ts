// Taken when the worker loads: what a plugin could replace later is not used.
const { Instant, PlainDate } = Temporal

/** [start, end) of one window, ms since the epoch. */
export interface Span {
  readonly start: number
  readonly end: number
}

const DAY_MS = 86_400_000

export interface TumblingOptions {
  readonly lengthMs: number
  /** Windows of whole days begin at midnight of `timeZone`; all others are aligned to the epoch. */
  readonly byDays: boolean
  /** IANA name. */
  readonly timeZone: string
}

/** Finds the window to which a time belongs. A day in which clocks are changed is shorter or longer than the others. */
export function tumblingSpans(options: TumblingOptions): (time: number) => Span {
  const { lengthMs, byDays, timeZone } = options
  if (byDays) return (time) => daySpan(time, lengthMs / DAY_MS, timeZone)
  return (time) => {
    const start = Math.floor(time / lengthMs) * lengthMs
    return { start, end: start + lengthMs }
  }
}

/** Days are counted from 1970-01-01 of the zone's calendar. */
function daySpan(time: number, days: number, timeZone: string): Span {
  const first = Math.floor(dayNumber(time, timeZone) / days) * days
  return { start: midnight(first, timeZone), end: midnight(first + days, timeZone) }
}

/** The day of the zone's calendar in which a time lies; 1970-01-01 is 0. */
export function dayNumber(time: number, timeZone: string): number {
  const date = Instant.fromEpochMilliseconds(Math.floor(time))
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
  return date.since(new PlainDate(1970, 1, 1), { largestUnit: 'day' }).days
}

/** The first moment of the day; not 0 o'clock where that hour is skipped. */
export function midnight(day: number, timeZone: string): number {
  const date = new PlainDate(1970, 1, 1).add({ days: day })
  return date.toZonedDateTime(timeZone).epochMilliseconds
}
