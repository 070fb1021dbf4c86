import { Buffer } from 'node:buffer'
import { printf } from './printf.ts'
import { TemplateError } from './template.ts'
import { urlQuery } from './url-query.ts'
import { compare, fieldOf, isEqual, isTrue, jsonOf, numberOf, sizeOf, textOf } from './values.ts'

export type TemplateFunction = (args: readonly unknown[]) => unknown

/** The longest text that `repeat` makes. */
const longest = 1_048_576

const ofText =
  (make: (text: string) => unknown): TemplateFunction =>
  ([value]) =>
    make(textOf(value))
const ofNumbers =
  (make: (a: number, b: number) => number): TemplateFunction =>
  (values) =>
    values.map(numberOf).reduce(make)
const ofTwoTexts =
  (make: (first: string, second: string) => unknown): TemplateFunction =>
  ([a, b]) =>
    make(textOf(a), textOf(b))

/** Go's own functions, those that eKuiper adds, and the most used ones of sprig: texts, numbers, lists. */
const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (values) => values.find(isTrue) ?? values.at(-1),
  not: ([value]) => !isTrue(value),
  eq: ([first, ...others]) => others.some((other) => isEqual(first, other)),
  ne: ([a, b]) => !isEqual(a, b),
  lt: ([a, b]) => compare(a, b) < 0,
  le: ([a, b]) => compare(a, b) <= 0,
  gt: ([a, b]) => compare(a, b) > 0,
  ge: ([a, b]) => compare(a, b) >= 0,
  len: ([value]) => sizeOf(value),
  index: ([value, ...keys]) => keys.reduce(at, value),
  slice: ([value, from, to]) => sliced(value, from, to),
  print: (values) => values.map(textOf).join(''),
  println: (values) => `${values.map(textOf).join(' ')}\n`,
  printf: ([format, ...values]) => printf(textOf(format), values),
  html: ofText((text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)),
  js: ofText((text) => jsonOf(text).slice(1, -1).replaceAll("'", "\\'")),
  urlquery: ofText(urlQuery),

  json: ([value]) => jsonOf(value),
  tojson: ([value]) => jsonOf(value),
  toJson: ([value]) => jsonOf(value),
  base64: ([value]) => base64(value),
  b64enc: ([value]) => base64(value),
  b64dec: ofText((text) => Buffer.from(text, 'base64').toString()),

  upper: ofText((text) => text.toUpperCase()),
  lower: ofText((text) => text.toLowerCase()),
  trim: ofText((text) => text.trim()),
  quote: ofText((text) => jsonOf(text)),
  squote: ofText((text) => `'${text}'`),
  toString: ofText((text) => text),
  contains: ofTwoTexts((part, text) => text.includes(part)),
  hasPrefix: ofTwoTexts((part, text) => text.startsWith(part)),
  hasSuffix: ofTwoTexts((part, text) => text.endsWith(part)),
  trimPrefix: ofTwoTexts((part, text) => (text.startsWith(part) ? text.slice(part.length) : text)),
  trimSuffix: ofTwoTexts((part, text) =>
    part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text,
  ),
  replace: ([from, to, text]) => textOf(text).replaceAll(textOf(from), () => textOf(to)),
  repeat: ([count, text]) => repeated(textOf(text), numberOf(count)),
  splitList: ofTwoTexts((separator, text) => text.split(separator)),
  join: ([separator, list]) => listOf(list).map(textOf).join(textOf(separator)),

  add: ofNumbers((a, b) => a + b),
  add1: ([value]) => numberOf(value) + 1,
  sub: ofNumbers((a, b) => a - b),
  mul: ofNumbers((a, b) => a * b),
  div: ([a, b]) => Math.trunc(numberOf(a) / divisor(b)),
  mod: ([a, b]) => numberOf(a) % divisor(b),
  addf: ofNumbers((a, b) => a + b),
  subf: ofNumbers((a, b) => a - b),
  mulf: ofNumbers((a, b) => a * b),
  divf: ([a, b]) => numberOf(a) / divisor(b),
  min: ofNumbers(Math.min),
  max: ofNumbers(Math.max),
  floor: ([value]) => Math.floor(numberOf(value)),
  ceil: ([value]) => Math.ceil(numberOf(value)),
  round: ([value, digits]) =>
    Number(numberOf(value).toFixed(Math.min(Math.max(numberOf(digits), 0), 100))),
  int: ([value]) => Math.trunc(numberOf(value)),
  int64: ([value]) => Math.trunc(numberOf(value)),
  float64: ([value]) => numberOf(value),

  default: ([otherwise, value]) => (isTrue(value) ? value : otherwise),
  empty: ([value]) => !isTrue(value),
  coalesce: (values) => values.find(isTrue),
  ternary: ([yes, no, condition]) => (isTrue(condition) ? yes : no),
  list: (values) => [...values],
  first: ([list]) => listOf(list)[0],
  last: ([list]) => listOf(list).at(-1),
  has: ([value, list]) => listOf(list).some((each) => isEqual(each, value)),
}

export const functionNames: ReadonlySet<string> = new Set(Object.keys(functions))

/** @throws TemplateError for a function that is none */
export function templateFunction(name: string): TemplateFunction {
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (found === undefined) throw new TemplateError(`function "${name}" not defined`)
  return found
}

function at(value: unknown, key: unknown): unknown {
  if (!Array.isArray(value)) return fieldOf(value, textOf(key))
  const index = numberOf(key)
  if (index in value) return value[index]
  throw new TemplateError(`index out of range: ${index}`)
}

function sliced(value: unknown, from: unknown, to: unknown): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new TemplateError(`slice of ${textOf(value)}`)
  }
  const [start, end] = [numberOf(from), to === undefined ? value.length : numberOf(to)]
  if (start >= 0 && start <= end && end <= value.length) return value.slice(start, end)
  throw new TemplateError(`index out of range: ${start}:${end}`)
}

function base64(value: unknown): string {
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(plain(value))
  return bytes.toString('base64')
}

/** A text is itself, an object its JSON. */
function plain(value: unknown): string {
  return typeof value === 'object' && value !== null ? jsonOf(value) : textOf(value)
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TemplateError(`${textOf(value)} is no list`)
}

function divisor(value: unknown): number {
  const number = numberOf(value)
  if (number === 0) throw new TemplateError('divided by zero')
  return number
}

function repeated(text: string, count: number): string {
  if (count < 0 || text.length * count > longest) throw new TemplateError(`repeat: ${count} times`)
  return text.repeat(count)
}
