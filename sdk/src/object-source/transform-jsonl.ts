import { textOf } from './errors.ts'
import { needsExact, parseExact } from './exact-json.ts'
import { lineBlocks } from './lines.ts'
import type { ObjectContext } from './record.ts'
import { type Batch, brokenRecord, Transformer, type TransformInput } from './transformer.ts'

/** A JSON value a line; blank lines do not count. */
export class JsonLinesTransformer extends Transformer {
  readonly format = 'jsonl'

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, signal } = input
    const { longs } = config
    const stream = await body.open(signal)
    let count = 0
    for await (const { text, bytes, overlong } of lineBlocks(stream, config.maxRecordBytes)) {
      const values: unknown[] = []
      if (overlong && ++count > skip) {
        values.push(
          brokenRecord(context, count, `a line of more than ${config.maxRecordBytes} bytes`),
        )
      }
      // One look for the whole block; line by line only where there is something.
      const parse = needsExact(text, longs)
        ? (line: string) => (needsExact(line, longs) ? parseExact(line, longs) : JSON.parse(line))
        : JSON.parse
      for (let from = text.charCodeAt(0) === 0xfeff ? 1 : 0; from <= text.length; ) {
        const newline = text.indexOf('\n', from)
        const to = newline < 0 ? text.length : newline
        const line = text.slice(from, to)
        from = to + 1
        if (line === '' || line === '\r') continue
        if (count < skip) {
          if (line.trim() !== '') count++
          continue
        }
        const value = parsed(parse, line, context, count + 1)
        if (value === nothing) continue
        count++
        values.push(value)
      }
      if (values.length > 0) yield { schema: null, values, bytes: bytes * 2 }
    }
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
