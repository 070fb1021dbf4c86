import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import type { ChunkWriter } from './chunk-writer.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { emittedFields, excludedFields } from './fields.ts'

/** FORMAT binary: the bytes of a row's BYTEA column, or of a text, as they are; a payload per row. */
export class BinaryEncoder implements Encoder {
  readonly #names: readonly string[] | undefined
  readonly #excluded: ReadonlySet<string>
  readonly #context: EncoderContext

  constructor(options: EncodeOptions, context: EncoderContext) {
    this.#names = emittedFields(options, context)?.map(({ name }) => name)
    this.#excluded = excludedFields(options, context)
    this.#context = context
  }

  encode({ rows, times }: Batch, out: ChunkWriter): void {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const time = times[i] as number
      const values = this.#namesOf(row).map((name) => row[name])
      const bytes = values.find((value) => value instanceof Uint8Array)
      const text = values.find((value) => typeof value === 'string')
      if (bytes instanceof Uint8Array) out.bytes(bytes, time)
      else if (typeof text === 'string') out.text(text, time)
      else this.#context.rowError(new TypeError(noBytes(this.#namesOf(row))), time)
    }
  }

  #namesOf(row: Row): readonly string[] {
    return this.#names ?? Object.keys(row).filter((name) => !this.#excluded.has(name))
  }
}

function noBytes(names: readonly string[]): string {
  return `format binary sends one BYTEA or STRING column, and there is none among ${names.join(', ') || 'no columns'}`
}
