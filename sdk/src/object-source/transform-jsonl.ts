import { textOf } from './errors.ts'
import { needsExact, parseExact } from './exact-json.ts'
import { lineBlocks } from './lines.ts'
import type { ObjectContext } from './object-context.ts'
import { linePieces } from './object-lines.ts'
import type { LongMode } from './source-config.ts'
import { type Batch, brokenRecord, Lines, Transformer, type TransformInput } from './transformer.ts'

/** A JSON value a line; blank lines do not count. */
export class JsonLinesTransformer extends Transformer {
  readonly format = 'jsonl'

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, maxLines = 0, signal } = input
    const { longs, maxRecordBytes } = config
    const stream = await body.open(signal)
    const lines = new LineReader(context, longs, skip)
    for await (const { bytes, overlong } of lineBlocks(stream, maxRecordBytes)) {
      if (overlong) {
        const values = lines.leaveOut(`a line of more than ${maxRecordBytes} bytes`)
        if (values.length > 0) yield { schema: null, values, bytes: 0 }
      }
      if (maxLines === 0) {
        const values = lines.values(bytes)
        if (values.length > 0) yield { schema: null, values, bytes: bytes.length * 2 }
        continue
      }
      for (const { start, end, count, arePlain } of linePieces(bytes, maxLines, longs)) {
        const piece = bytes.subarray(start, end)
        const values = arePlain ? lines.whole(piece, count) : lines.values(piece)
        if (values.length > 0) yield { schema: null, values, bytes: piece.length * 2 }
      }
    }
  }
}

/** Keeps count of the records of an object, those to be left out included. */
class LineReader {
  readonly #context: ObjectContext
  readonly #longs: LongMode
  readonly #skip: number
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #count = 0
  #isAtStart = true

  constructor(context: ObjectContext, longs: LongMode, skip: number) {
    this.#context = context
    this.#longs = longs
    this.#skip = skip
  }

  leaveOut(why: string): readonly unknown[] {
    return ++this.#count > this.#skip ? [brokenRecord(this.#context, this.#count, why)] : []
  }

  /** Lines as they are. Those of which some are to be left out are parsed. */
  whole(bytes: Uint8Array, count: number): readonly unknown[] {
    if (this.#count < this.#skip && this.#count + count > this.#skip) return this.values(bytes)
    this.#isAtStart = false
    this.#count += count
    if (count === 0 || this.#count <= this.#skip) return []
    return [new Lines(bytes, count)]
  }

  values(bytes: Uint8Array): readonly unknown[] {
    const longs = this.#longs
    const text = this.#decoder.decode(bytes)
    const values: unknown[] = []
    // One look for the whole block; line by line only where there is something.
    const parse = needsExact(text, longs)
      ? (line: string) => (needsExact(line, longs) ? parseExact(line, longs) : JSON.parse(line))
      : JSON.parse
    const hasMark = this.#isAtStart && text.charCodeAt(0) === 0xfeff
    this.#isAtStart = false
    for (let from = hasMark ? 1 : 0; from <= text.length; ) {
      const newline = text.indexOf('\n', from)
      const to = newline < 0 ? text.length : newline
      const line = text.slice(from, to)
      from = to + 1
      if (line === '' || line === '\r') continue
      if (this.#count < this.#skip) {
        if (line.trim() !== '') this.#count++
        continue
      }
      const value = parsed(parse, line, this.#context, this.#count + 1)
      if (value === nothing) continue
      this.#count++
      values.push(value)
    }
    return values
  }
}

/** A line of blanks: looked at only when it does not parse. */
const nothing = Symbol('nothing')

function parsed(
  parse: (line: string) => unknown,
  line: string,
  context: ObjectContext,
  at: number,
): unknown {
  try {
    return parse(line)
  } catch (error) {
    return line.trim() === '' ? nothing : brokenRecord(context, at, textOf(error), error)
  }
}
