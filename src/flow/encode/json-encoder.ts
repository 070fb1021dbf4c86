import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { type ChunkWriter, HEADER_SPACE } from './chunk-writer.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { emittedFields, excludedFields } from './fields.ts'
import { JsonText } from './json-text.ts'
import { type Around, knownRowText, type RowText, wholeRowText } from './row-text.ts'
import { timeText } from './time-text.ts'

const OBJECT: Around = { open: '{', close: '}' }
const ONLY_OBJECT: Around = { open: `${HEADER_SPACE}{`, close: '}' }
const ARRAY_OF_ONE: Around = { open: `${HEADER_SPACE}[{`, close: '}]' }

/** FORMAT json: `[{…}]` per row, `{…}` with `sendSingle`, one array per emission where rows come in batches. */
export function jsonEncoder(options: EncodeOptions, context: EncoderContext): Encoder {
  const isArray = context.emitsBatches && !options.sendSingle
  const around = isArray ? OBJECT : options.sendSingle ? ONLY_OBJECT : ARRAY_OF_ONE
  const text = rowText(options, context, around)
  const empty = options.omitIfEmpty ? around.open + around.close : undefined
  return isArray
    ? new ArrayEncoder(text, empty, context.rowError)
    : new RowEncoder(text, empty, context.rowError)
}

function rowText(options: EncodeOptions, context: EncoderContext, around: Around): RowText {
  const json = new JsonText(timeText(context.timeZone))
  const fields = emittedFields(options, context)
  if (fields !== undefined) return knownRowText(fields, around, json)
  const except = excludedFields(options, context)
  const { sendNilField: writesNull, keepsNull } = context
  return wholeRowText({ except, writesNull, keepsNull }, around, json)
}

type RowError = EncoderContext['rowError']

/** A payload per row, with the space for its header before it. */
class RowEncoder implements Encoder {
  readonly #text: RowText
  /** What is not sent. */
  readonly #empty: string | undefined
  readonly #rowError: RowError

  constructor(text: RowText, empty: string | undefined, rowError: RowError) {
    this.#text = text
    this.#empty = empty
    this.#rowError = rowError
  }

  encode({ rows, times }: Batch, out: ChunkWriter): void {
    for (let i = 0; i < rows.length; i++) this.#encodeRow(rows[i] as Row, times[i] as number, out)
  }

  #encodeRow(row: Row, time: number, out: ChunkWriter): void {
    let text: string
    try {
      text = this.#text(row)
    } catch (error) {
      this.#rowError(error, time)
      return
    }
    if (text !== this.#empty) out.spaced(text, time)
  }
}

/** A payload per batch; its time is that of the last row. */
class ArrayEncoder implements Encoder {
  readonly #text: RowText
  readonly #empty: string | undefined
  readonly #rowError: RowError

  constructor(text: RowText, empty: string | undefined, rowError: RowError) {
    this.#text = text
    this.#empty = empty
    this.#rowError = rowError
  }

  encode({ rows, times, empty }: Batch, out: ChunkWriter): void {
    if (empty !== undefined) {
      if (this.#empty === undefined) out.text('[]', empty.time)
      return
    }
    const time = times[times.length - 1] as number
    let all = ''
    let isEmpty = true
    for (const row of rows) {
      try {
        const text = this.#text(row)
        all = all === '' ? `[${text}` : `${all},${text}`
        if (text !== this.#empty) isEmpty = false
      } catch (error) {
        this.#rowError(error, time)
      }
    }
    if (all !== '' && !isEmpty) out.text(`${all}]`, time)
  }
}
