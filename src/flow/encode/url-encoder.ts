import type { Batch, Row } from '#src/operators/operator.ts'
import type { EncodeOptions } from '#src/plan/plan.ts'
import { ANY, type DataType } from '#src/plan/types.ts'
import { urlQuery } from '#src/template/url-query.ts'
import type { ChunkWriter } from './chunk-writer.ts'
import type { Encoder, EncoderContext } from './encoder.ts'
import { emittedFields, excludedFields } from './fields.ts'
import { JsonText } from './json-text.ts'
import { timeText } from './time-text.ts'

interface Named {
  readonly name: string
  readonly dataType: DataType
}

/** FORMAT urlencoded: `a=1&c=x+y`, a row per payload, keys in order; a key comes again for each value of an array. */
export class UrlEncoder implements Encoder {
  readonly #fields: readonly Named[] | undefined
  readonly #excluded: ReadonlySet<string>
  readonly #omitsEmpty: boolean
  readonly #context: EncoderContext
  readonly #json: JsonText

  constructor(options: EncodeOptions, context: EncoderContext) {
    this.#fields = emittedFields(options, context)?.toSorted(byName)
    this.#excluded = excludedFields(options, context)
    this.#omitsEmpty = options.omitIfEmpty
    this.#context = context
    this.#json = new JsonText(timeText(context.timeZone))
  }

  encode({ rows, times }: Batch, out: ChunkWriter): void {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const time = times[i] as number
      try {
        const text = this.#text(row)
        if (text !== '' || !this.#omitsEmpty) out.text(text, time)
      } catch (error) {
        this.#context.rowError(error, time)
      }
    }
  }

  #text(row: Row): string {
    const fields = this.#fields ?? this.#fieldsOf(row)
    return fields.flatMap(({ name, dataType }) => this.#pairs(name, row[name], dataType)).join('&')
  }

  #fieldsOf(row: Row): readonly Named[] {
    const names = Object.keys(row).filter((name) => !this.#excluded.has(name))
    return names.map((name) => ({ name, dataType: ANY })).sort(byName)
  }

  #pairs(name: string, value: unknown, dataType: DataType): readonly string[] {
    if (Array.isArray(value)) {
      const element = dataType.type === 'array' ? dataType.element : ANY
      return value.flatMap((each: unknown) => this.#pair(name, each, element))
    }
    return this.#pair(name, value, dataType)
  }

  #pair(name: string, value: unknown, dataType: DataType): readonly string[] {
    if (value === undefined || value === null) return []
    const text = typeof value === 'string' ? value : (this.#json.value(value, dataType) ?? '')
    // Times and bytes: what JSON puts in quotes has none inside.
    const bare = typeof value !== 'string' && text.startsWith('"') ? text.slice(1, -1) : text
    return [`${urlQuery(name)}=${urlQuery(bare)}`]
  }
}

function byName(a: Named, b: Named): number {
  return a.name < b.name ? -1 : 1
}
