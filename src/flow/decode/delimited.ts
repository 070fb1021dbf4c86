import type { Buffer } from 'node:buffer'
import type { SchemaColumn, SourcePlan } from '#src/plan/plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { parseJson, utf8Text } from './bytes.ts'
import type { Decoded } from './decoder.ts'
import { exactNumber } from './exact.ts'
import type { RowSlot } from './row-slot.ts'

/**
 * FORMAT="delimited": values in the order of the schema, which names and types them; without one they are texts in `col0`,
 * `col1`, …. A value may stand in double quotes, with `""` for one of them. What is missing at the end of a line is null.
 * Several lines are several rows.
 */
export class DelimitedDecoder {
  readonly #delimiter: string
  readonly #schema: readonly SchemaColumn[] | undefined
  readonly #slot: RowSlot

  constructor(source: SourcePlan, slot: RowSlot) {
    this.#delimiter = source.delimiter === '' ? ',' : source.delimiter
    this.#schema = source.schema
    this.#slot = slot
  }

  decode(bytes: Buffer, _view: DataView, start: number, end: number): Decoded {
    if (start === end) return this.#slot.fail('payload is empty')
    const records = splitRecords(utf8Text(bytes, start, end), this.#delimiter)
    const rows = records.map((values) => this.#row(values))
    return this.#slot.accept(rows.length === 1 ? rows[0] : rows)
  }

  #row(values: readonly string[]): Record<string, unknown> {
    const schema = this.#schema
    if (schema === undefined) {
      return Object.fromEntries(values.map((value, index) => [`col${index}`, value]))
    }
    const known = schema.slice(0, values.length)
    return Object.fromEntries(
      known.map(({ name, dataType }, index) => [name, typed(values[index] ?? '', dataType)]),
    )
  }
}

/** Lines of values. A payload without a line break at its end is a line too; with one, nothing follows it. */
function splitRecords(text: string, delimiter: string): string[][] {
  const ends = new Ends(text, delimiter)
  const records: string[][] = []
  let values: string[] = []
  let at = 0
  for (;;) {
    const quoted = text[at] === '"' ? quotedEnd(text, at, delimiter) : -1
    const end = quoted < 0 ? ends.behind(at) : quoted
    const value =
      quoted < 0 ? text.slice(at, end) : text.slice(at + 1, end - 1).replaceAll('""', '"')
    values.push(value)
    if (text.startsWith(delimiter, end)) {
      at = end + delimiter.length
      continue
    }
    records.push(values)
    values = []
    at = end + (text.startsWith('\r\n', end) ? 2 : 1)
    if (at >= text.length) return records
  }
}

/** Where a value in quotes ends; -1 where the quotes do not enclose the whole value: then they are text. */
function quotedEnd(text: string, at: number, delimiter: string): number {
  let close = text.indexOf('"', at + 1)
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
  if (close < 0) return -1
  const end = close + 1
  const isEnd = end === text.length || text.startsWith(delimiter, end) || isLineBreak(text, end)
  return isEnd ? end : -1
}

/** Where plain values end. Remembers what it found ahead, so that a long payload is searched once. */
class Ends {
  readonly #text: string
  readonly #delimiter: string
  #delimiterAt = -1
  #lineAt = -1

  constructor(text: string, delimiter: string) {
    this.#text = text
    this.#delimiter = delimiter
  }

  /** The next delimiter, line break or end of the text from `at` on. */
  behind(at: number): number {
    if (this.#delimiterAt < at) this.#delimiterAt = this.#find(this.#delimiter, at)
    if (this.#lineAt < at) this.#lineAt = this.#find('\n', at)
    if (this.#delimiterAt < this.#lineAt) return this.#delimiterAt
    const end = this.#lineAt
    return end > at && end < this.#text.length && this.#text[end - 1] === '\r' ? end - 1 : end
  }

  #find(what: string, at: number): number {
    const found = this.#text.indexOf(what, at)
    return found < 0 ? this.#text.length : found
  }
}

function isLineBreak(text: string, at: number): boolean {
  return text[at] === '\n' || text.startsWith('\r\n', at)
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A text as its column wants it; one that cannot be read so stays a text, which the schema may refuse. */
function typed(text: string, dataType: DataType): unknown {
  if (text === '' && dataType.type !== 'string') return null
  const trimmed = text.trim()
  switch (dataType.type) {
    case 'bigint':
      return NUMBER.test(trimmed) ? exactNumber(trimmed.replace('+', '')) : text
    case 'float':
    case 'datetime':
      return NUMBER.test(trimmed) ? Number(trimmed) : text
    case 'boolean':
      return booleanOf(trimmed.toLowerCase()) ?? text
    case 'array':
    case 'struct':
      return jsonOf(text)
    case 'string':
    case 'bytea':
    case 'any':
      return text
    default:
      return dataType satisfies never
  }
}

function booleanOf(text: string): boolean | undefined {
  if (text === 'true') return true
  return text === 'false' ? false : undefined
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
