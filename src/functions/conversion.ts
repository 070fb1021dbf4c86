import { display } from '#src/expressions/errors.ts'
import { fromBigint, isInt64 } from '#src/expressions/kinds.ts'
import type { DataType } from '#src/plan/types.ts'
import type { FunctionEnvironment, KnownArgument, RowDeclaration } from './declaration.ts'
import { fixed } from './rounding.ts'
import { anything, MADE, number, optional, STRING, text, whole } from './signature.ts'
import { guessTime } from './time-guess.ts'
import { checkLength, isNull, toBytes, toCount, toNumber, toText, wrong } from './values.ts'

export const castTypes = ['bigint', 'float', 'string', 'boolean', 'datetime', 'bytea'] as const
type CastType = (typeof castTypes)[number]

export const conversionFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'other',
    name: 'cast',
    parameters: [anything('value'), text('type')],
    returns: ([, type]) => castResult(type),
    guard: 'none',
    doc: `The value as another type: ${castTypes.join(', ')}.`,
    examples: [
      { sql: "cast(x, 'bigint')", row: { x: 2.9 }, gives: 2 },
      { sql: "cast(x, 'bigint')", row: { x: '9007199254740993' }, gives: 9007199254740993n },
      { sql: "cast(x, 'string')", row: { x: 2.5 }, gives: '2.5' },
      { sql: "cast(x, 'boolean')", row: { x: 'true' }, gives: true },
      { sql: "cast(x, 'datetime')", row: { x: '1970-01-01T00:00:01Z' }, gives: 1000 },
      {
        sql: "cast(x, 'float')",
        row: { x: 'a' },
        gives: { error: 'call func cast error: cannot convert string(a) to float' },
      },
    ],
    check([, type]) {
      if (typeof type?.literal === 'string') toCastType(type.literal)
    },
    make: (environment) => (value: unknown, type: unknown) =>
      isNull(value) ? null : cast(value, toCastType(type), environment),
  },
  {
    kind: 'row',
    family: 'other',
    name: 'chr',
    parameters: [anything('code')],
    returns: STRING,
    guard: 'null',
    doc: 'The character with that code.',
    examples: [
      { sql: 'chr(x)', row: { x: 65 }, gives: 'A' },
      { sql: 'chr(x)', row: { x: 'b' }, gives: 'b' },
    ],
    make: () => (value: unknown) => {
      if (typeof value === 'string' && Array.from(value).length === 1) return value
      const code = toCount(value, 'argument')
      if (code < 0 || code > 0x10ffff) throw wrong(`there is no character with code ${code}`)
      return String.fromCodePoint(code)
    },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'hex2dec',
    parameters: [text('hex')],
    returns: { type: 'bigint' },
    guard: 'null',
    doc: 'The number that hexadecimal digits stand for, with or without `0x`.',
    examples: [{ sql: 'hex2dec(x)', row: { x: '0x1F' }, gives: 31 }],
    make: () => (value: unknown) => {
      const digits = toText(value).replace(/^0x/i, '')
      if (!/^[0-9a-f]{1,16}$/i.test(digits))
        throw wrong(`invalid hexadecimal value: ${toText(value)}`)
      return checked(BigInt(`0x${digits}`), 'bigint')
    },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'dec2hex',
    parameters: [whole('x')],
    returns: STRING,
    guard: 'null',
    doc: 'The number in hexadecimal digits behind `0x`.',
    examples: [{ sql: 'dec2hex(x)', row: { x: 31 }, gives: '0x1f' }],
    make: () => (value: unknown) => {
      const number = typeof value === 'bigint' ? value : BigInt(toCount(value, 'argument'))
      return `0x${number.toString(16)}`
    },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'format',
    parameters: [number('x'), whole('digits'), optional(text('locale'))],
    returns: STRING,
    guard: 'null',
    doc: 'The number as text with that many digits behind the point; with a locale, grouped as it is usual there.',
    examples: [
      { sql: 'format(x, 2)', row: { x: 12345.678 }, gives: '12345.68' },
      { sql: "format(x, 2, 'en_US')", row: { x: 12345.678 }, gives: '12,345.68' },
      { sql: 'format(x, 0)', row: { x: 2.5 }, gives: '2' },
    ],
    make: () => (value: unknown, digits: unknown, locale?: unknown) => {
      const places = toCount(digits, 'second argument')
      if (places < 0 || places > 40) throw wrong(`the digits should be 0 to 40 but got ${places}`)
      const number = toNumber(value)
      if (locale === undefined) return fixed(number, places)
      return localeText(number, places, toText(locale).replaceAll('_', '-'))
    },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'encode',
    parameters: [anything('value'), text('encoding')],
    returns: STRING,
    guard: 'null',
    doc: 'The text or bytes in base64.',
    examples: [{ sql: "encode(s, 'base64')", row: { s: 'hello' }, gives: 'aGVsbG8=' }],
    check: ([, encoding]) => checkEncoding(encoding),
    make: () => (value: unknown, encoding: unknown) => {
      toEncoding(encoding)
      return toBytes(value).toBase64()
    },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'decode',
    parameters: [text('value'), text('encoding')],
    returns: { type: 'bytea' },
    guard: 'null',
    doc: 'The bytes that a text in base64 stands for.',
    examples: [
      { sql: "cast(decode(s, 'base64'), 'string')", row: { s: 'aGVsbG8=' }, gives: 'hello' },
    ],
    check: ([, encoding]) => checkEncoding(encoding),
    make: () => (value: unknown, encoding: unknown) => {
      toEncoding(encoding)
      return fromBase64(toText(value))
    },
  },
]

function castResult(type: KnownArgument | undefined): DataType {
  const found = castTypes.find((name) => name === type?.literal)
  return found === undefined ? MADE : { type: found }
}

function toCastType(type: unknown): CastType {
  const found = castTypes.find((name) => name === type)
  if (found !== undefined) return found
  throw wrong(`Expect one of following value for the 2nd parameter: ${castTypes.join(', ')}.`)
}

export function cast(value: unknown, type: CastType, environment: FunctionEnvironment): unknown {
  switch (type) {
    case 'bigint':
      return toBigint(value)
    case 'float':
      return toFloat(value)
    case 'string':
      return toText(value)
    case 'boolean':
      return toBoolean(value)
    case 'datetime':
      return toTime(value, environment.timeZone)
    case 'bytea':
      return typeof value === 'string' ? fromBase64(value) : bytesOnly(value)
    default:
      return type satisfies never
  }
}

function toBigint(value: unknown): number | bigint {
  if (typeof value === 'number' && Number.isFinite(value)) {
    return checked(BigInt(Math.trunc(value)), 'bigint')
  }
  if (typeof value === 'bigint') return checked(value, 'bigint')
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    const trimmed = value.trim()
    if (/^[+-]?\d{1,20}$/.test(trimmed)) return checked(BigInt(trimmed.replace('+', '')), 'bigint')
    if (isDecimal(trimmed)) return toBigint(Number(trimmed))
  }
  throw cannot(value, 'int64')
}

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string' && isDecimal(value.trim())) return Number(value)
  throw cannot(value, 'float')
}

function isDecimal(text: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)
}

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0
  if (typeof value === 'string') {
    if (/^(1|t|true)$/i.test(value)) return true
    if (/^(0|f|false)$/i.test(value)) return false
  }
  throw cannot(value, 'bool')
}

/** A time of any kind in milliseconds. @throws RowError when it is none */
export function toTime(value: unknown, timeZone: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'bigint') return Number(value)
  const ms = typeof value === 'string' ? guessTime(value, timeZone) : undefined
  if (ms !== undefined) return ms
  throw cannot(value, 'datetime')
}

function fromBase64(value: string): Uint8Array {
  checkLength(value.length, 'a text')
  try {
    return Uint8Array.fromBase64(value)
  } catch {
    throw wrong(`illegal base64 data: ${display(value)}`)
  }
}

function bytesOnly(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw cannot(value, 'bytea')
}

function checked(value: bigint, what: string): number | bigint {
  if (isInt64(value)) return fromBigint(value)
  throw wrong(`${value} is out of the range of ${what}`)
}

function cannot(value: unknown, type: string) {
  const name = typeof value === 'string' ? `string(${display(value)})` : display(value)
  return wrong(`cannot convert ${name} to ${type}`)
}

function localeText(value: number, digits: number, locale: string): string {
  try {
    const format = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    return new Intl.NumberFormat(locale, format).format(value)
  } catch {
    throw wrong(`the locale ${display(locale)} is not known`)
  }
}

function checkEncoding(encoding: KnownArgument | undefined): void {
  if (typeof encoding?.literal === 'string') toEncoding(encoding.literal)
}

function toEncoding(encoding: unknown): void {
  if (encoding !== 'base64') throw wrong('Only base64 is supported for the 2nd parameter.')
}
