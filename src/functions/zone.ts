/** What a clock and a calendar on a wall of the zone show. */
export interface LocalTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
}

export interface ZonedTime extends LocalTime {
  /** 0 is Sunday. */
  readonly weekday: number
  readonly dayOfYear: number
  /** What the zone is ahead of UTC, in minutes. */
  readonly offsetMinutes: number
}

const dayMs = 86_400_000

/** The greatest time that can be shown, in ms from the epoch, either way. */
export const greatestTimeMs = 8.64e15

export function toZoned(ms: number, timeZone: string): ZonedTime {
  const offsetMinutes = isUtc(timeZone) ? 0 : offsetAt(ms, timeZone)
  const date = new Date(ms + offsetMinutes * 60_000)
  const year = date.getUTCFullYear()
  const startOfYear = new Date(0).setUTCFullYear(year, 0, 1)
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    weekday: date.getUTCDay(),
    dayOfYear: Math.floor((date.getTime() - startOfYear) / dayMs) + 1,
    offsetMinutes,
  }
}

/** The time at which that zone shows this; `undefined` when there is no such day or hour on a calendar or clock. */
export function fromZoned(local: LocalTime, timeZone: string): number | undefined {
  const ms = utcOf(local)
  if (ms === undefined || isUtc(timeZone)) return ms
  const { year, month, day, hour, minute, second, millisecond } = local
  const plain = new Temporal.PlainDateTime(year, month, day, hour, minute, second, millisecond)
  return plain.toZonedDateTime(timeZone).epochMilliseconds
}

/** The same at an offset from UTC, in minutes. */
export function fromOffset(local: LocalTime, offsetMinutes: number): number | undefined {
  const ms = utcOf(local)
  return ms === undefined ? undefined : ms - offsetMinutes * 60_000
}

/** How many days the month has. */
export function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function utcOf({ year, month, day, hour, minute, second, millisecond }: LocalTime) {
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
  if (!isDay || hour > 23 || minute > 59 || second > 59) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, millisecond)
  const ms = date.getTime()
  return Number.isNaN(ms) ? undefined : ms
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

function isUtc(timeZone: string): boolean {
  return timeZone === 'UTC'
}

function offsetAt(ms: number, timeZone: string): number {
  const instant = Temporal.Instant.fromEpochMilliseconds(Math.trunc(ms))
  return instant.toZonedDateTimeISO(timeZone).offsetNanoseconds / 60e9
}

/** The zone's short name, as `EST`; `UTC` for UTC. */
export function zoneName(ms: number, timeZone: string): string {
  if (isUtc(timeZone)) return 'UTC'
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' })
  const part = format.formatToParts(new Date(ms)).find(({ type }) => type === 'timeZoneName')
  return part?.value ?? timeZone
}
