import { indexOfName, monthNames } from './time-names.ts'
import { offsetOf } from './time-pattern.ts'
import { fromOffset, fromZoned } from './zone.ts'

const clock = '(?:[T ]+(\\d{1,2})(?::(\\d{1,2})(?::(\\d{1,2})(?:[.,](\\d{1,9}))?)?)?)?'
const zone = '\\s*(Z|UTC|GMT|[+-]\\d{2}:?\\d{2}|[+-]\\d{2})?(?: [A-Z]{3,5})?'
const weekday = '(?:[a-z]{3,9},? )?'

/** The shapes in which people write times, and where year, month and day stand in each. */
const shapes: readonly {
  readonly expression: RegExp
  readonly date: readonly [number, number, number]
}[] = [
  shape('(\\d{4})(?:[-/.](\\d{1,2})(?:[-/.](\\d{1,2}))?)?', [1, 2, 3]),
  shape('(\\d{4})(\\d{2})(\\d{2})', [1, 2, 3]),
  shape('(\\d{1,2})/(\\d{1,2})/(\\d{4})', [3, 1, 2]),
  shape(`${weekday}(\\d{1,2})[ -]([a-z]{3,9})[ -](\\d{2}|\\d{4})`, [3, 2, 1]),
  shape(`${weekday}([a-z]{3,9}) +(\\d{1,2}),? (\\d{4})`, [3, 1, 2]),
]

const compact = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z|[+-]\d{2}:?\d{2})?$/
/** `Mon Jan _2 15:04:05 2006`, with the year behind the clock. */
const unixDate =
  /^[a-z]{3} ([a-z]{3}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: (Z|UTC|GMT|[A-Z]{3,5}))? (\d{4})$/i

function shape(date: string, order: readonly [number, number, number]) {
  return { expression: new RegExp(`^${date}${clock}${zone}$`, 'i'), date: order }
}

/** The time that a text of no known pattern stands for; `undefined` when it is none. Without a zone it is one of `timeZone`. */
export function guessTime(text: string, timeZone: string): number | undefined {
  const trimmed = usualForm(text.trim())
  for (const { expression, date } of shapes) {
    const match = expression.exec(trimmed)
    if (match === null) continue
    const [year, month, day] = date.map((group) => match[group] ?? '1')
    const local = {
      year: yearOf(year ?? ''),
      month: monthOf(month ?? ''),
      day: Number(day),
      hour: Number(match[4] ?? 0),
      minute: Number(match[5] ?? 0),
      second: Number(match[6] ?? 0),
      millisecond: Number((match[7] ?? '').slice(0, 3).padEnd(3, '0')),
    }
    const offset = match[8] === undefined ? undefined : offsetOf(match[8])
    return offset === undefined ? fromZoned(local, timeZone) : fromOffset(local, offset)
  }
  return undefined
}

function usualForm(text: string): string {
  return text
    .replace(compact, '$1-$2-$3T$4:$5:$6$7')
    .replace(unixDate, (_, month, day, time, zoneText, year) =>
      `${day} ${month} ${year} ${time} ${zoneText ?? ''}`.trimEnd(),
    )
}

function yearOf(text: string): number {
  const year = Number(text)
  if (text.length !== 2) return year
  return year >= 69 ? 1900 + year : 2000 + year
}

/** 0, which is no month, when the text is none. */
function monthOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : indexOfName(monthNames, text) + 1
}
