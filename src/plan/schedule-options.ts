import { RuleError } from './errors.ts'
import { OptionBag } from './option-bag.ts'

/** When a rule runs, ms since the epoch where timestamps were given, else as written, in the host's time zone. */
export type DatetimeRange =
  | { readonly begin: string; readonly end: string }
  | { readonly beginMs: number; readonly endMs: number }

const cronFields = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const
const cronField =
  /^(\*|[\dA-Za-z]+(-[\dA-Za-z]+)?)(\/\d+)?(,(\*|[\dA-Za-z]+(-[\dA-Za-z]+)?)(\/\d+)?)*$|^\?$/
const datetime = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/

/** Five fields, or `@every 1h` and its like. What the fields mean is the schedule's affair. */
export function readCron(bag: OptionBag): string {
  const cron = bag.text('cron', '').trim()
  if (
    cron === '' ||
    /^@(every \S+|hourly|daily|weekly|monthly|yearly|annually|midnight)$/.test(cron)
  ) {
    return cron
  }
  const fields = cron.split(/\s+/)
  if (fields.length !== cronFields.length) {
    throw bag.wrong('cron', `expected five fields: ${cronFields.join(', ')}`)
  }
  const wrong = fields.findIndex((field) => !cronField.test(field))
  if (wrong >= 0) throw bag.wrong('cron', `"${fields[wrong]}" is no ${cronFields[wrong]}`)
  return cron
}

export function readRanges(bag: OptionBag): readonly DatetimeRange[] {
  const value = bag.value('cronDatetimeRange') ?? []
  if (!Array.isArray(value)) throw bag.wrong('cronDatetimeRange', 'expected an array')
  return value.map((range: unknown, index) => readRange(range, index))
}

function readRange(value: unknown, index: number): DatetimeRange {
  const bag = new OptionBag(value, `cronDatetimeRange[${index}].`)
  const [begin, end] = [bag.text('begin', ''), bag.text('end', '')]
  const beginMs = bag.count('beginTimestamp', 0, { least: 0 })
  const endMs = bag.count('endTimestamp', 0, { least: 0 })
  bag.done()
  if (begin === '' && end === '') {
    if (endMs > beginMs) return { beginMs, endMs }
    throw new RuleError('bad-option', `cronDatetimeRange[${index}] ends before it begins`)
  }
  for (const [name, text] of Object.entries({ begin, end })) {
    if (!datetime.test(text)) throw bag.wrong(name, 'expected "YYYY-MM-DD hh:mm:ss"')
  }
  if (end > begin) return { begin, end }
  throw new RuleError('bad-option', `cronDatetimeRange[${index}] ends before it begins`)
}
