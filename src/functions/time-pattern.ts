import { dayNames, indexOfName, monthNames } from './time-names.ts'
import { fromOffset, fromZoned, toZoned, type ZonedTime, zoneName } from './zone.ts'

/** A compiled pattern, as `yyyy-MM-dd HH:mm:ss.SSS`. */
export interface TimePattern {
  format(ms: number, timeZone: string): string
  /** Milliseconds since the epoch; `undefined` when the text is not of this pattern. */
  parse(text: string, timeZone: string): number | undefined
}

/** What a text says of a time, in the making. */
interface Found {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  millisecond: number
  isAfternoon: boolean | undefined
  offsetMinutes: number | undefined
}

interface Part {
  format(time: ZonedTime, ms: number, timeZone: string): string
  /** A regular expression with one group, or none where nothing is to be taken. */
  readonly source: string
  take?(found: Found, text: string): void
}

/**
 * Compiles a pattern. Letters have a meaning each; other characters stand for themselves, and so does what is between
 * quotes or behind a backslash.
 *
 * @throws Error for a letter that has no meaning
 */
export function timePattern(pattern: string): TimePattern {
  const parts = Array.from(partsOf(pattern))
  const source = parts.map((part) => part.source).join('')
  const takers = parts.flatMap(({ take }) => (take === undefined ? [] : [take]))
  const expression = new RegExp(`^${source}$`, 'i')
  return {
    format(ms, timeZone) {
      const time = toZoned(ms, timeZone)
      return parts.map((part) => part.format(time, ms, timeZone)).join('')
    },
    parse(text, timeZone) {
      const match = expression.exec(text)
      if (match === null) return undefined
      const found: Found = { ...nothing }
      for (const [index, take] of takers.entries()) take(found, match[index + 1] ?? '')
      return timeOf(found, timeZone)
    },
  }
}

const nothing: Found = {
  year: 1970,
  month: 1,
  day: 1,
  hour: 0,
  minute: 0,
  second: 0,
  millisecond: 0,
  isAfternoon: undefined,
  offsetMinutes: undefined,
}

function timeOf(found: Found, timeZone: string): number | undefined {
  const { isAfternoon, offsetMinutes } = found
  const local = { ...found }
  if (isAfternoon !== undefined) local.hour = (found.hour % 12) + (isAfternoon ? 12 : 0)
  return offsetMinutes === undefined ? fromZoned(local, timeZone) : fromOffset(local, offsetMinutes)
}

function* partsOf(pattern: string): Generator<Part> {
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at)
    if (character === '\\') {
      yield text(pattern.charAt(at + 1))
      at += 2
    } else if (character === "'") {
      const end = closingQuote(pattern, at + 1)
      const inner = pattern.slice(at + 1, end).replaceAll("''", "'")
      yield text(end === at + 1 ? "'" : inner)
      at = end + 1
    } else if (/[a-z]/i.test(character)) {
      let end = at + 1
      while (pattern.charAt(end) === character) end++
      yield letters(pattern.slice(at, end))
      at = end
    } else {
      yield text(character)
      at++
    }
  }
}

function closingQuote(pattern: string, from: number): number {
  for (let at = from; at < pattern.length; at++) {
    if (pattern.charAt(at) !== "'") continue
    if (at === from || pattern.charAt(at + 1) !== "'") return at
    at++
  }
  return pattern.length
}

function text(value: string): Part {
  return { format: () => value, source: escaped(value) }
}

/** The text as a regular expression of itself. A locked worker has no `RegExp.escape`. */
function escaped(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

function digits(field: Field, width: number): Part {
  return {
    format: (time) => pad(time[field], width),
    source: width === 1 ? '(\\d{1,2})' : `(\\d{${width}})`,
    take(found, value) {
      found[field] = Number(value)
    },
  }
}

function letters(run: string): Part {
  switch (run) {
    case 'yyyy':
    case 'YYYY':
      return digits('year', 4)
    case 'yy':
    case 'YY':
      return {
        format: ({ year }) => pad(year % 100, 2),
        source: '(\\d{2})',
        take(found, value) {
          found.year = Number(value) + (Number(value) >= 69 ? 1900 : 2000)
        },
      }
    case 'M':
      return digits('month', 1)
    case 'MM':
      return digits('month', 2)
    case 'MMM':
    case 'MMMM':
      return {
        format: ({ month }) => shortened(monthNames[month - 1], run.length === 3),
        source: '([a-z]{3,9})',
        take(found, value) {
          found.month = indexOfName(monthNames, value) + 1
        },
      }
    case 'd':
      return digits('day', 1)
    case 'dd':
      return digits('day', 2)
    case 'EEE':
    case 'EEEE':
      return {
        format: ({ weekday }) => shortened(dayNames[weekday], run.length === 3),
        source: '[a-z]{3,9}',
      }
    case 'H':
      return digits('hour', 1)
    case 'HH':
      return digits('hour', 2)
    case 'h':
    case 'hh':
      return {
        ...digits('hour', run.length),
        format: ({ hour }) => pad(hour % 12 === 0 ? 12 : hour % 12, run.length),
      }
    case 'a':
      return {
        format: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
        source: '([ap]m)',
        take(found, value) {
          found.isAfternoon = value.toLowerCase() === 'pm'
        },
      }
    case 'm':
      return digits('minute', 1)
    case 'mm':
      return digits('minute', 2)
    case 's':
      return digits('second', 1)
    case 'ss':
      return digits('second', 2)
    case 'G':
      return { format: ({ year }) => (year > 0 ? 'AD' : 'BC'), source: '(?:ad|bc)' }
    case 'z':
      return {
        format: (_, ms, timeZone) => zoneName(ms, timeZone),
        source: '([a-z]{1,5}|[+-]\\d{2}:?\\d{2})',
        take: takeOffset,
      }
    case 'Z':
    case 'XX':
      return { format: (time) => offsetText(time, ''), source: offsetSource, take: takeOffset }
    case 'X':
      return {
        format: (time) => offsetText(time, '').slice(0, 3),
        source: offsetSource,
        take: takeOffset,
      }
    case 'XXX':
      return { format: (time) => offsetText(time, ':'), source: offsetSource, take: takeOffset }
  }
  if (/^S+$/.test(run)) return fraction(run.length)
  throw new Error(`time format "${run}" is not known`)
}

function fraction(width: number): Part {
  return {
    format: ({ millisecond }) => pad(millisecond, 3).padEnd(width, '0').slice(0, width),
    source: `(\\d{${width}})`,
    take(found, value) {
      found.millisecond = Number(value.slice(0, 3).padEnd(3, '0'))
    },
  }
}

const offsetSource = '(Z|[+-]\\d{2}(?::?\\d{2})?)'

/** A zone by name says nothing that the rule's zone does not say, but for UTC. */
function takeOffset(found: Found, value: string): void {
  found.offsetMinutes = offsetOf(value)
}

/** Minutes ahead of UTC, of `Z`, `UTC`, `GMT`, `+08`, `+0800` or `+08:00`. */
export function offsetOf(value: string): number | undefined {
  if (/^(?:Z|UTC|GMT)$/i.test(value)) return 0
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(value)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
  return match[1] === '-' ? -minutes : minutes
}

function offsetText({ offsetMinutes }: ZonedTime, separator: string): string {
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(Math.round(offsetMinutes))
  return `${sign}${pad(Math.floor(minutes / 60), 2)}${separator}${pad(minutes % 60, 2)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function shortened(name: string | undefined, isShort: boolean): string {
  return isShort ? (name ?? '').slice(0, 3) : (name ?? '')
}
