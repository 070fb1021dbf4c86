import type { Create, StreamOptions } from './ast.ts'
import { didYouMean, SqlError } from './errors.ts'
import { nearest } from './near.ts'
import type { Reader } from './reader.ts'

/** The keys of WITH. */
export const optionKeys = [
  'DATASOURCE',
  'TYPE',
  'FORMAT',
  'CONF_KEY',
  'KEY',
  'KIND',
  'SHARED',
  'STRICT_VALIDATION',
  'TIMESTAMP',
  'TIMESTAMP_FORMAT',
  'RETAIN_SIZE',
  'SCHEMAID',
  'DELIMITER',
  'VERSION',
  'EXTRA',
  'TEMP',
] as const

/** The values of FORMAT, whatever their case. */
export const formats = ['json', 'binary', 'delimited', 'urlencoded', 'protobuf', 'custom'] as const

const switches: ReadonlySet<string> = new Set(['SHARED', 'STRICT_VALIDATION', 'TEMP'])

type Values = Record<string, string | boolean>

/** Parses `WITH (KEY="value", …)`; a comma may follow the last. */
export function parseOptions(reader: Reader): StreamOptions {
  const options: Values = {}
  reader.expectWord('WITH')
  reader.expectOperator('(')
  while (!reader.takeOperator(')')) {
    parseOption(reader, options)
    if (!reader.takeOperator(',') && !reader.isOperator(')')) throw reader.unexpected('"," or ")"')
  }
  return options
}

function parseOption(reader: Reader, options: Values): void {
  const { at, found } = reader
  const written = reader.expectName('an option or ")"')
  const key = optionKeys.find((known) => known === written.toUpperCase())
  if (key === undefined) {
    const hint = didYouMean(nearest(written, optionKeys), `known are ${optionKeys.join(', ')}`)
    throw new SqlError('unknown-option', `unknown option ${found}`, at, { hint })
  }
  if (Object.hasOwn(options, key)) {
    throw new SqlError('duplicate-name', `option "${key}" is given twice`, at)
  }
  reader.expectOperator('=')
  const valueAt = reader.at
  const value = parseValue(reader)
  const expected = expectedValue(key, value)
  if (expected !== undefined) {
    const what = `option "${key}" cannot be ${JSON.stringify(value)}`
    throw new SqlError('bad-option', what, valueAt, { hint: expected })
  }
  options[key] = value
}

function parseValue(reader: Reader): string | boolean {
  const { kind, text, start } = reader.token
  if (reader.takeWord('TRUE')) return true
  if (reader.takeWord('FALSE')) return false
  if (kind === 'string' && reader.script.text[start] === '"') {
    reader.skip()
    return text
  }
  const hint = kind === 'string' ? 'use double quotes' : 'write it in double quotes'
  if (kind !== 'string' && kind !== 'integer' && kind !== 'decimal') {
    throw reader.unexpected('a string in double quotes, TRUE or FALSE')
  }
  throw new SqlError('bad-option', `unexpected ${reader.found}`, reader.at, { hint })
}

/** What the option takes, if not this value. */
function expectedValue(key: string, value: string | boolean): string | undefined {
  if (switches.has(key)) {
    const isSwitch = typeof value === 'boolean' || /^(true|false)$/i.test(value)
    return isSwitch ? undefined : 'expected "true" or "false"'
  }
  if (typeof value === 'boolean') return 'expected a string'
  switch (key) {
    case 'KIND':
      return /^(scan|lookup)$/i.test(value) ? undefined : 'expected "scan" or "lookup"'
    case 'RETAIN_SIZE':
      return /^\d{1,9}$/.test(value) ? undefined : 'expected a whole number'
    case 'FORMAT':
      return expectedFormat(value)
    default:
      return undefined
  }
}

function expectedFormat(value: string): string | undefined {
  if (formats.some((format) => format === value.toLowerCase())) return undefined
  return didYouMean(nearest(value, formats), `expected ${formats.join(', ')}`)
}

/** What options say about each other and about the columns. */
export function checkOptions(create: Create): void {
  const { at, kind, options } = create
  const is = (key: string, value: string) => String(options[key]).toLowerCase() === value
  if (is('FORMAT', 'binary')) checkBinary(create)
  if (kind === 'table' && is('KIND', 'lookup') && is('TYPE', 'memory') && !options.KEY) {
    const what = 'a memory lookup table needs the option "KEY"'
    throw new SqlError('bad-option', what, at, { hint: 'name its key column' })
  }
}

function checkBinary({ at, kind, columns }: Create): void {
  const hint = 'a binary stream has one column of type BYTEA or none'
  if (kind === 'table') {
    throw new SqlError('bad-option', 'a table cannot have the format "binary"', at)
  }
  if (columns === undefined) return
  if (columns.length > 1) {
    throw new SqlError('bad-option', 'format "binary" allows one column only', at, { hint })
  }
  if (columns[0]?.column.type !== 'bytea') {
    throw new SqlError('bad-option', 'format "binary" needs a column of type BYTEA', at, { hint })
  }
}
