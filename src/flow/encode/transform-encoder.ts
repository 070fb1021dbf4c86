import { isStruct } from '#src/expressions/access.ts'
import { RowError } from '#src/expressions/errors.ts'
import type { Batch, Row } from '#src/operators/operator.ts'
import { setOwn } from '#src/own-property.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { runTemplate } from '#src/template/run.ts'
import type { ChunkWriter } from './chunk-writer.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { emittedFields } from './fields.ts'
import { JsonText } from './json-text.ts'
import { timeText } from './time-text.ts'

type MakeEncoder = (options: EncodeOptions, context: EncoderContext) => Encoder

/**
 * `dataTemplate`, then `dataField`, then `fields` and the format. The text of a template is the payload, unless something
 * comes behind it: then it has to be JSON.
 */
export class TransformEncoder implements Encoder {
  readonly #options: EncodeOptions
  readonly #context: EncoderContext
  readonly #json: JsonText
  readonly #visible: (row: Row) => Row
  readonly #isArray: boolean
  /** What the template says is sent as it is. */
  readonly #isWhole: boolean
  readonly #single: Encoder
  readonly #list: Encoder

  constructor(options: EncodeOptions, context: EncoderContext, make: MakeEncoder) {
    const { template, dataField, format, fields, excludeFields } = options
    this.#options = options
    this.#context = context
    this.#json = new JsonText(timeText(context.timeZone))
    this.#visible = visibleRow(options, context, this.#json)
    this.#isArray = !options.sendSingle
    const isShaped = dataField !== undefined || fields !== undefined || excludeFields !== undefined
    this.#isWhole = template !== undefined && format === 'json' && !isShaped
    const plain = { ...options, template: undefined, dataField: undefined }
    const known = { ...context, output: undefined, hidden: [], sendNilField: true }
    this.#single = make({ ...plain, sendSingle: true }, { ...known, emitsBatches: false })
    this.#list = make({ ...plain, sendSingle: false }, { ...known, emitsBatches: true })
  }

  encode({ rows, times, empty }: Batch, out: ChunkWriter): void {
    if (this.#isArray && this.#context.emitsBatches) {
      this.#emit(rows, empty?.time ?? (times[times.length - 1] as number), out)
    } else {
      for (let i = 0; i < rows.length; i++) this.#emit([rows[i] as Row], times[i] as number, out)
    }
  }

  #emit(rows: readonly Row[], time: number, out: ChunkWriter): void {
    try {
      const data = rows.map(this.#visible)
      if (this.#options.omitIfEmpty && data.every((row) => Object.keys(row).length === 0)) return
      const { template, dataField, format } = this.#options
      // Of no rows nothing can be said but `[]`, and what a template says.
      const saysNothing = dataField !== undefined || (template === undefined && format !== 'json')
      if (data.length === 0 && saysNothing) return
      let value: unknown = this.#isArray ? data : data[0]
      if (template !== undefined) {
        const text = runTemplate(template, value)
        if (this.#isWhole) {
          out.text(text, time)
          return
        }
        value = parsed(text)
      }
      if (dataField !== undefined) value = fieldOf(value, dataField)
      this.#write(value, time, out)
    } catch (error) {
      this.#context.rowError(error, time)
    }
  }

  #write(value: unknown, time: number, out: ChunkWriter): void {
    if (isStruct(value)) {
      this.#single.encode({ rows: [value as Row], times: [time] }, out)
    } else if (Array.isArray(value) && value.length > 0 && value.every(isStruct)) {
      const rows = value as Row[]
      this.#list.encode({ rows, times: rows.map(() => time) }, out)
    } else if (this.#options.format === 'json') {
      out.text(this.#json.value(value) ?? 'null', time)
    } else {
      throw new RowError(
        'wrong-argument',
        `format ${this.#options.format} sends rows, not ${typeof value}`,
      )
    }
  }
}

/** The columns that sinks see, as values of JSON: times are texts, and what is missing is not there. */
function visibleRow(
  options: EncodeOptions,
  context: EncoderContext,
  json: JsonText,
): (row: Row) => Row {
  const all = { ...options, fields: undefined, excludeFields: undefined }
  const fields = emittedFields(all, context)
  const hidden = new Set(context.hidden)
  const writesNull = (value: unknown) =>
    context.sendNilField || (context.keepsNull === true && value === null)
  return (row) => {
    const made: Record<string, unknown> = {}
    if (fields === undefined) {
      for (const name of Object.keys(row)) {
        if (hidden.has(name)) continue
        const value = row[name] ?? null
        if (value !== null || writesNull(row[name])) setOwn(made, name, value)
      }
      return made
    }
    for (const { name, dataType, nulls } of fields) {
      const value = Object.hasOwn(row, name) ? row[name] : undefined
      if (value === undefined || value === null) {
        const isWritten = nulls === 'written' || (nulls === 'explicit' && value === null)
        if (isWritten) setOwn(made, name, null)
      } else if (dataType.type === 'datetime' && typeof value === 'number') {
        setOwn(made, name, json.number(value, dataType)?.slice(1, -1) ?? null)
      } else setOwn(made, name, value)
    }
    return made
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RowError(
      'wrong-argument',
      `what dataTemplate makes is no JSON: ${text.slice(0, 100)}`,
    )
  }
}

/** Of a list, the field of its first row. */
function fieldOf(value: unknown, name: string): unknown {
  const from: unknown = Array.isArray(value) ? value[0] : value
  if (isStruct(from) && Object.hasOwn(from, name)) return from[name]
  throw new RowError('wrong-argument', `dataField ${name} is not in the row`)
}
