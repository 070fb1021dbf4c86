import type { CsvConfig } from './source-config.ts'
import {
  type Batch,
  brokenObject,
  brokenRecord,
  Transformer,
  type TransformInput,
} from './transformer.ts'

/** Rows with their columns by name, all values texts. A row with too many or too few values is a broken record. */
export class CsvTransformer extends Transformer {
  readonly format = 'csv'

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, signal } = input
    const decoder = new TextDecoder()
    const parser = new RowParser(config.csv)
    let { columns } = config.csv
    let count = 0
    const batchOf = (rows: readonly ParsedRow[], bytes: number): Batch => {
      const values: unknown[] = []
      for (const { fields, problem } of rows) {
        if (columns === undefined) {
          if (problem !== undefined) throw brokenObject(context, `the row of names: ${problem}`)
          columns = fields
          continue
        }
        if (++count <= skip) continue
        const why = problem ?? mismatch(columns, fields)
        if (why !== undefined) values.push(brokenRecord(context, count, why))
        else values.push(rowOf(columns, fields))
      }
      return { schema: null, values, bytes }
    }
    for await (const chunk of await body.open(signal)) {
      const batch = batchOf(parser.push(decoder.decode(chunk, { stream: true })), chunk.length * 2)
      if (batch.values.length > 0) yield batch
      if (parser.pending > config.maxRecordBytes) {
        throw brokenObject(context, `a row of more than max.record.bytes, ${config.maxRecordBytes}`)
      }
    }
    const last = batchOf([...parser.push(decoder.decode()), ...parser.end()], 100)
    if (last.values.length > 0) yield last
  }
}

interface ParsedRow {
  readonly fields: string[]
  readonly problem?: string | undefined
}

type Place = 'field-start' | 'plain' | 'quoted' | 'quote-in-quoted'

/** RFC 4180, either kind of line end; blank lines are no rows. After a slip it goes on at the next line end. */
class RowParser {
  readonly #delimiter: string
  readonly #quote: string
  #place: Place = 'field-start'
  #fields: string[] = []
  #field = ''
  #problem: string | undefined
  #isFirst = true

  constructor({ delimiter, quote }: CsvConfig) {
    this.#delimiter = delimiter
    this.#quote = quote
  }

  /** Characters of the row in hand, about. */
  get pending(): number {
    return this.#field.length + this.#fields.reduce((sum, { length }) => sum + length, 0)
  }

  push(text: string): ParsedRow[] {
    const rows: ParsedRow[] = []
    let from = this.#isFirst && text.charCodeAt(0) === 0xfeff ? 1 : 0
    if (text !== '') this.#isFirst = false
    for (let i = from; i < text.length; i++) {
      const char = text[i] as string
      if (this.#place === 'quoted') {
        if (char !== this.#quote) continue
        this.#field += text.slice(from, i)
        from = i + 1
        this.#place = 'quote-in-quoted'
      } else if (char === this.#quote && this.#place === 'field-start') {
        this.#place = 'quoted'
        from = i + 1
      } else if (char === this.#quote && this.#place === 'quote-in-quoted') {
        this.#place = 'quoted'
        from = i
      } else if (char === this.#delimiter || char === '\n') {
        this.#endField(text.slice(from, i), char === '\n')
        from = i + 1
        if (char === '\n') this.#endRow(rows)
      } else if (this.#place === 'quote-in-quoted') {
        if (char !== '\r') this.#problem ??= 'a quote ends within a field'
        from = i + 1
      } else {
        if (char === this.#quote) this.#problem ??= 'a quote within a field that is not quoted'
        this.#place = 'plain'
      }
    }
    this.#field += text.slice(from)
    return rows
  }

  end(): ParsedRow[] {
    const rows: ParsedRow[] = []
    if (this.#place === 'quoted') this.#problem = 'a quote is not closed'
    if (this.#place !== 'field-start' || this.#fields.length > 0) {
      this.#endField('', true)
      this.#endRow(rows)
    }
    return rows
  }

  #endField(tail: string, isLast: boolean): void {
    const field = this.#field + (this.#place === 'quote-in-quoted' ? '' : tail)
    const isPlain = this.#place === 'plain'
    this.#fields.push(isLast && isPlain && field.endsWith('\r') ? field.slice(0, -1) : field)
    this.#field = ''
    this.#place = 'field-start'
  }

  #endRow(rows: ParsedRow[]): void {
    const fields = this.#fields
    if (fields.length > 1 || fields[0] !== '' || this.#problem !== undefined) {
      rows.push({ fields, problem: this.#problem })
    }
    this.#fields = []
    this.#problem = undefined
  }
}

function mismatch(columns: readonly string[], fields: readonly string[]): string | undefined {
  if (columns.length === fields.length) return undefined
  return `${fields.length} values for ${columns.length} columns`
}

/** Made of entries, since a column may be called `__proto__`. */
function rowOf(columns: readonly string[], fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? '']))
}
