import { cast, toTime } from './conversion.ts'
import type { FunctionEnvironment, RowDeclaration } from './declaration.ts'
import { duration } from './duration.ts'
import { BIGINT, DATETIME, optional, STRING, text, time, whole } from './signature.ts'
import { dayNames, monthNames } from './time-names.ts'
import { type TimePattern, timePattern } from './time-pattern.ts'
import { toCount, toNumber, toText, wrong } from './values.ts'
import { daysIn, greatestTimeMs, toZoned, type ZonedTime } from './zone.ts'

/** A part of a time, as it shows on the clocks and calendars of the rule's zone. */
function part(
  name: string,
  doc: string,
  read: (time: ZonedTime) => number | string,
  gives: number | string,
  synonyms?: readonly string[],
): RowDeclaration {
  return {
    kind: 'row',
    family: 'time',
    name,
    synonyms,
    parameters: [time('t')],
    returns: typeof gives === 'string' ? STRING : BIGINT,
    guard: 'null',
    doc,
    examples: [{ sql: `${name}(t)`, row: { t: '2024-02-29T13:45:30.123Z' }, gives }],
    make:
      ({ timeZone }) =>
      (value: unknown) =>
        read(toZoned(instant(value, timeZone), timeZone)),
  }
}

/** The time now as text, with up to six digits of a fraction. */
function clock(
  name: string,
  synonyms: readonly string[],
  pattern: string,
  doc: string,
  width: number,
): RowDeclaration {
  return {
    kind: 'row',
    family: 'time',
    name,
    synonyms,
    parameters: [optional(whole('digits'))],
    returns: STRING,
    guard: 'null',
    volatile: true,
    doc,
    examples: [
      { sql: `length(${name}())`, gives: width },
      { sql: `length(${name}(3))`, gives: width + 4 },
    ],
    check([digits]) {
      if (typeof digits?.literal === 'number') fractionOf(digits.literal)
    },
    make({ now, timeZone }) {
      const patterns = [0, 1, 2, 3, 4, 5, 6].map((digits) =>
        timePattern(digits === 0 ? pattern : `${pattern}.${'S'.repeat(digits)}`),
      )
      return (digits: unknown = 0) => patterns[fractionOf(digits)]?.format(now(), timeZone)
    },
  }
}

export const timeFunctions: readonly RowDeclaration[] = [
  clock(
    'now',
    ['current_timestamp', 'local_time', 'local_timestamp'],
    'yyyy-MM-dd HH:mm:ss',
    'The time now in the zone of the rule, as `yyyy-MM-dd HH:mm:ss` with up to six digits of a fraction.',
    19,
  ),
  clock(
    'cur_time',
    ['current_time'],
    'HH:mm:ss',
    'The time of the day in the zone of the rule, as `HH:mm:ss` with up to six digits of a fraction.',
    8,
  ),
  {
    kind: 'row',
    family: 'time',
    name: 'cur_date',
    synonyms: ['current_date'],
    parameters: [],
    returns: STRING,
    guard: 'none',
    volatile: true,
    doc: 'The day in the zone of the rule, as `yyyy-MM-dd`.',
    examples: [{ sql: 'length(cur_date())', gives: 10 }],
    make({ now, timeZone }) {
      return () => dayPattern.format(now(), timeZone)
    },
  },
  {
    kind: 'row',
    family: 'time',
    name: 'format_time',
    parameters: [time('t'), text('format')],
    returns: STRING,
    guard: 'null',
    doc: 'The time as text in that format.',
    examples: [
      {
        sql: "format_time(t, 'EEEE d MMMM yyyy HH:mm')",
        row: { t: 1709214330123 },
        gives: 'Thursday 29 February 2024 13:45',
      },
    ],
    check([, format]) {
      if (typeof format?.literal === 'string') timePattern(format.literal)
    },
    make({ timeZone }) {
      let last: string | undefined
      let pattern: TimePattern = dayPattern
      return (value: unknown, format: unknown) => {
        const wanted = toText(format)
        if (wanted !== last) {
          pattern = timePattern(wanted)
          last = wanted
        }
        return pattern.format(instant(value, timeZone), timeZone)
      }
    },
  },
  {
    kind: 'row',
    family: 'time',
    name: 'date_calc',
    parameters: [time('t'), text('duration')],
    returns: STRING,
    guard: 'null',
    doc: 'The time plus a duration such as `1h30m` or `-24h`, as `yyyy-MM-dd HH:mm:ss`.',
    examples: [
      { sql: "date_calc(t, '1h30m')", row: { t: 1709214330123 }, gives: '2024-02-29 15:15:30' },
      { sql: "date_calc(t, '-24h')", row: { t: 1709214330123 }, gives: '2024-02-28 13:45:30' },
    ],
    check([, given]) {
      if (typeof given?.literal === 'string') duration(given.literal)
    },
    make:
      ({ timeZone }) =>
      (value: unknown, given: unknown) => {
        const sum = instant(value, timeZone) + duration(toText(given))
        return secondPattern.format(instant(sum, timeZone), timeZone)
      },
  },
  {
    kind: 'row',
    family: 'time',
    name: 'date_diff',
    parameters: [time('a'), time('b')],
    returns: BIGINT,
    guard: 'null',
    doc: 'From a to b, in nanoseconds.',
    examples: [{ sql: 'date_diff(a, b)', row: { a: 1000, b: 1002 }, gives: 2_000_000 }],
    make: (environment) => (a: unknown, b: unknown) => {
      const [from, to] = [instant(a, environment.timeZone), instant(b, environment.timeZone)]
      const nanoseconds = (to - from) * 1e6
      if (Number.isSafeInteger(nanoseconds)) return nanoseconds
      return cast(BigInt(Math.trunc(to - from)) * 1_000_000n, 'bigint', environment)
    },
  },
  part(
    'day_name',
    'The name of the day of the week.',
    (t) => dayNames[t.weekday] ?? '',
    'Thursday',
  ),
  part('day_of_month', 'The day of the month.', (t) => t.day, 29, ['day']),
  part('day_of_week', 'The day of the week; 0 is Sunday.', (t) => t.weekday, 4),
  part('day_of_year', 'The day of the year.', (t) => t.dayOfYear, 60),
  part('hour', 'The hour, 0 to 23.', (t) => t.hour, 13),
  part('minute', 'The minute.', (t) => t.minute, 45),
  part('second', 'The second.', (t) => t.second, 30),
  part(
    'microsecond',
    'The fraction of the second in microseconds.',
    (t) => t.millisecond * 1000,
    123_000,
  ),
  part('month', 'The month, 1 to 12.', (t) => t.month, 2),
  part('month_name', 'The name of the month.', (t) => monthNames[t.month - 1] ?? '', 'February'),
  part(
    'last_day',
    'The last day of the month, as `yyyy-MM-dd`.',
    ({ year, month }) => `${pad(year, 4)}-${pad(month, 2)}-${pad(daysIn(year, month), 2)}`,
    '2024-02-29',
  ),
  {
    kind: 'row',
    family: 'time',
    name: 'from_days',
    parameters: [whole('n')],
    returns: DATETIME,
    guard: 'null',
    doc: 'The start of the n-th day, the first of which is 1970-01-01; null for 0.',
    examples: [
      { sql: 'from_days(n)', row: { n: 2 }, gives: 86_400_000 },
      { sql: 'from_days(n)', row: { n: 0 }, gives: null },
    ],
    make: () => (n: unknown) => {
      const days = toCount(n, 'argument')
      return days === 0 ? null : bounded((days - 1) * 86_400_000)
    },
  },
  {
    kind: 'row',
    family: 'time',
    name: 'from_unix_time',
    parameters: [whole('seconds')],
    returns: DATETIME,
    guard: 'null',
    doc: 'The time that many seconds after 1970 began; null for 0.',
    examples: [{ sql: 'from_unix_time(n)', row: { n: 2 }, gives: 2000 }],
    make: () => (seconds: unknown) => {
      const count = toCount(seconds, 'argument')
      return count === 0 ? null : bounded(count * 1000)
    },
  },
  {
    kind: 'row',
    family: 'time',
    name: 'to_seconds',
    parameters: [time('t')],
    returns: BIGINT,
    guard: 'null',
    doc: 'The whole seconds since 1970.',
    examples: [{ sql: 'to_seconds(t)', row: { t: 1709214330123 }, gives: 1_709_214_330 }],
    make:
      ({ timeZone }) =>
      (value: unknown) =>
        Math.floor(instant(value, timeZone) / 1000),
  },
  {
    kind: 'row',
    family: 'time',
    name: 'convert_tz',
    parameters: [time('t'), text('zone')],
    returns: STRING,
    guard: 'null',
    doc: 'What the clocks of that zone show at the time, as `yyyy-MM-dd HH:mm:ss`.',
    examples: [
      {
        sql: "convert_tz(t, 'Asia/Shanghai')",
        row: { t: 1709214330123 },
        gives: '2024-02-29 21:45:30',
      },
    ],
    make:
      ({ timeZone }) =>
      (value: unknown, zone: unknown) =>
        secondPattern.format(instant(value, timeZone), knownZone(toText(zone))),
  },
]

const dayPattern = timePattern('yyyy-MM-dd')
const secondPattern = timePattern('yyyy-MM-dd HH:mm:ss')

function instant(value: unknown, timeZone: FunctionEnvironment['timeZone']): number {
  return bounded(Math.trunc(toTime(value, timeZone)))
}

function bounded(ms: number): number {
  if (Math.abs(ms) <= greatestTimeMs) return ms
  throw wrong(`${ms} is no time in milliseconds`)
}

function knownZone(name: string): string {
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId
  } catch {
    throw wrong(`unknown time zone ${name}`)
  }
}

function fractionOf(digits: unknown): number {
  const count = toNumber(digits)
  if (Number.isInteger(count) && count >= 0 && count <= 6) return count
  throw wrong(`the digits of the fraction should be 0 to 6 but got ${count}`)
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
