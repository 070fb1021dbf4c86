import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { ANY, type DataType } from '#src/plan/types.ts'
import type { ChunkWriter } from './chunk-writer.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { emittedFields, excludedFields } from './fields.ts'
import { JsonText } from './json-text.ts'
import { timeText } from './time-text.ts'

interface Named {
  readonly name: string
  readonly dataType: DataType
}

/**
 * FORMAT delimited: a line per row, null as nothing, a value in double quotes where it would be read as more than one. A
 * payload of several rows has several lines; with `hasHeader` the names stand on the first.
 */
export class DelimitedEncoder implements Encoder {
  readonly #fields: readonly Named[] | undefined
  readonly #excluded: ReadonlySet<string>
  readonly #delimiter: string
  readonly #hasHeader: boolean
  readonly #omitsEmpty: boolean
  readonly #isArray: boolean
  readonly #context: EncoderContext
  readonly #json: JsonText

  constructor(options: EncodeOptions, context: EncoderContext) {
    this.#fields = emittedFields(options, context)
    this.#excluded = excludedFields(options, context)
    this.#delimiter = options.delimiter === '' ? ',' : options.delimiter
    this.#hasHeader = options.hasHeader
    this.#omitsEmpty = options.omitIfEmpty
    this.#isArray = context.emitsBatches && !options.sendSingle
    this.#context = context
    this.#json = new JsonText(timeText(context.timeZone))
  }

  encode({ rows, times }: Batch, out: ChunkWriter): void {
    if (rows.length === 0) return
    if (this.#isArray) {
      this.#emit(rows, times[times.length - 1] as number, out)
    } else {
      for (let i = 0; i < rows.length; i++) this.#emit([rows[i] as Row], times[i] as number, out)
    }
  }

  #emit(rows: readonly Row[], time: number, out: ChunkWriter): void {
    const fields = this.#fields ?? this.#fieldsOf(rows[0] as Row)
    if (this.#omitsEmpty && rows.every((row) => isEmpty(row, fields))) return
    const lines: string[] = []
    if (this.#hasHeader) lines.push(this.#line(fields.map(({ name }) => name)))
    for (const row of rows) {
      try {
        lines.push(this.#line(fields.map(({ name, dataType }) => this.#value(row[name], dataType))))
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
    if (lines.length > (this.#hasHeader ? 1 : 0)) out.text(lines.join('\n'), time)
  }

  #fieldsOf(row: Row): Named[] {
    const names = Object.keys(row).filter((name) => !this.#excluded.has(name))
    return names.map((name) => ({ name, dataType: ANY }))
  }

  #value(value: unknown, dataType: DataType): string {
    if (typeof value === 'string') return value
    const text = this.#json.value(value, dataType) ?? ''
    // Times and bytes: what JSON puts in quotes has none inside.
    return text.startsWith('"') ? text.slice(1, -1) : text
  }

  #line(values: readonly string[]): string {
    return values.map((value) => this.#quoted(value)).join(this.#delimiter)
  }

  #quoted(value: string): string {
    const isPlain =
      !value.includes(this.#delimiter) &&
      !value.includes('"') &&
      !value.includes('\n') &&
      !value.includes('\r')
    return isPlain ? value : `"${value.replaceAll('"', '""')}"`
  }
}

function isEmpty(row: Row, fields: readonly Named[]): boolean {
  return fields.every(({ name }) => row[name] === undefined || row[name] === null)
}
