import { Buffer } from 'node:buffer'
import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Row } from '#src/operators/operator.ts'
import { CLOSE_OBJECT, isDigit, MINUS, OPEN_OBJECT, parseJson, QUOTE, utf8Text } from './bytes.ts'
import type { JsonReader } from './json-reader.ts'
import { skipNumber, skipSpace, skipString, skipValue } from './json-skip.ts'
import type { Column } from './row-layout.ts'

/** What one payload looked like: its fields in order, each with the exact bytes before its value. */
export interface Shape {
  readonly fields: readonly ShapeField[]
  /** The bytes behind the last value. */
  readonly tail: Buffer
  /** Equal for payloads of the same shape. */
  readonly signature: string
}

interface ShapeField {
  readonly name: string
  readonly kind: 'string' | 'number' | 'other'
  readonly gap: Buffer
}

/**
 * Reads a payload of its shape into the row; every byte is checked. False: something is not as the shape says, the row is
 * half filled, and nothing is known of the payload. Throws `SchemaMismatch`.
 */
export type ReadShape = (
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  row: Row,
) => boolean

const MAX_FIELDS = 256
const MAX_GAP_BYTES = 16_384

/** The shape of an object that JSON.parse accepts; `undefined` where a key comes twice or it is too large to be worth it. */
export function shapeOf(
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
): Shape | undefined {
  const fields: ShapeField[] = []
  const names = new Set<string>()
  let gapStart = start
  let gapBytes = 0
  let p = skipSpace(bytes, start, end)
  if (bytes[p] !== OPEN_OBJECT) return undefined
  while (fields.length < MAX_FIELDS && gapBytes < MAX_GAP_BYTES) {
    const key = skipSpace(bytes, p + 1, end)
    const colon = skipString(bytes, view, key, end)
    if (colon < 0) return undefined
    const name = parseJson(utf8Text(bytes, key, colon)) as string
    if (names.has(name)) return undefined
    names.add(name)
    p = skipSpace(bytes, skipSpace(bytes, colon, end) + 1, end)
    fields.push({ name, kind: kindAt(bytes, p), gap: Buffer.from(bytes.subarray(gapStart, p)) })
    gapBytes += p - gapStart
    gapStart = p = skipValue(bytes, view, p, end)
    if (p < 0) return undefined
    p = skipSpace(bytes, p, end)
    if (bytes[p] === CLOSE_OBJECT) {
      const tail = Buffer.from(bytes.subarray(gapStart, end))
      return { fields, tail, signature: signature(fields, tail) }
    }
  }
  return undefined
}

function kindAt(bytes: Uint8Array, at: number): ShapeField['kind'] {
  const byte = bytes[at] as number
  if (byte === QUOTE) return 'string'
  return byte === MINUS || isDigit(byte) ? 'number' : 'other'
}

function signature(fields: readonly ShapeField[], tail: Buffer): string {
  return [...fields.map(({ gap }) => gap), tail].map((gap) => gap.toString('latin1')).join('\0')
}

/** Generates the reader of a shape for the wanted columns. */
export function readerOf(shape: Shape, columns: readonly Column[], reader: JsonReader): ReadShape {
  const lines = shape.fields.map(({ name, kind, gap }) => {
    const index = columns.findIndex((column) => column.name === name)
    const column = columns[index]
    const read = column === undefined ? skipping(kind) : reading(column, `convert${index}`, kind)
    return `${expecting(gap)}\n${read}`
  })
  const missing = columns.flatMap(({ name }, index) => {
    if (shape.fields.some((field) => field.name === name)) return []
    return [`row[${JSON.stringify(name)}] = convert${index}(undefined)`]
  })
  const body = `return function readShape(bytes, view, p, end, row) {
    let q = 0
    ${lines.join('\n')}
    if (end - p !== ${shape.tail.length}) return false
    ${expecting(shape.tail)}
    ${missing.join('\n')}
    return true
  }`
  const names = columns.map((_, index) => `convert${index}`)
  const parameters = ['reader', 'skipString', 'skipNumber', 'skipValue', ...names]
  const make = new FunctionConstructor(...parameters, body)
  return make(reader, skipString, skipNumber, skipValue, ...columns.map(({ convert }) => convert))
}

/** Code that leaves unless the bytes at `p` are these, and moves behind them. Four bytes are compared at once. */
function expecting(gap: Buffer): string {
  const tests = [`p + ${gap.length} > end`]
  let i = 0
  for (; i + 4 <= gap.length; i += 4) {
    tests.push(`view.getInt32(p + ${i}, true) !== ${gap.readInt32LE(i)}`)
  }
  for (; i < gap.length; i++) tests.push(`bytes[p + ${i}] !== ${gap[i]}`)
  return `if (${tests.join(' || ')}) return false\np += ${gap.length}`
}

function skipping(kind: ShapeField['kind']): string {
  const any = 'skipValue(bytes, view, p, end)'
  if (kind === 'other') return `if ((p = ${any}) < 0) return false`
  const known = kind === 'string' ? 'skipString(bytes, view, p, end)' : 'skipNumber(bytes, p)'
  return `q = ${known}\nif (q < 0 && (q = ${any}) < 0) return false\np = q`
}

function reading(column: Column, convert: string, kind: ShapeField['kind']): string {
  const target = `row[${JSON.stringify(column.name)}]`
  const any = `${target} = ${convert}(reader.any(bytes, view, p, end, ${column.isExact}))`
  if (kind === 'other') return `${any}\nif ((p = reader.at) < 0) return false`
  const known =
    kind === 'string'
      ? 'reader.string(bytes, view, p, end)'
      : `reader.${column.isExact ? 'exact' : 'number'}(bytes, p)`
  // Converted only when it was read: what a failing reader returns means nothing.
  const take = column.isPlain ? '' : `\nelse ${target} = ${convert}(${target})`
  return `${target} = ${known}
    if ((q = reader.at) < 0) {
      ${any}
      if ((q = reader.at) < 0) return false
    }${take}
    p = q`
}
