import type { Codecs } from './codecs.ts'
import { ObjectSourceError } from './errors.ts'
import type { SourceCommonConfig } from './source-config.ts'
import { AvroTransformer } from './transform-avro.ts'
import { BytesTransformer } from './transform-bytes.ts'
import { CsvTransformer } from './transform-csv.ts'
import { JsonArrayTransformer } from './transform-json.ts'
import { JsonLinesTransformer } from './transform-jsonl.ts'
import type { Transformer } from './transformer.ts'

/** Where formats are that need a library of their own. */
const elsewhere: Readonly<Record<string, string>> = {
  parquet: 'hand over a ParquetTransformer of "@plutino/sdk/object-source/parquet"',
}

/**
 * The transformer of `input.format`: of those given, or of the five that need no library.
 *
 * @throws ObjectSourceError `configuration` naming those that there are
 */
export function transformerFor(
  { inputFormat }: Pick<SourceCommonConfig, 'inputFormat'>,
  given: readonly Transformer[],
  codecs: Codecs | undefined,
): Transformer {
  const all = [
    ...given,
    new BytesTransformer(),
    new JsonLinesTransformer(),
    new JsonArrayTransformer(),
    new CsvTransformer(),
    new AvroTransformer(codecs),
  ]
  const found = all.find(({ format }) => format === inputFormat)
  if (found !== undefined) return found
  const names = [...new Set(all.map(({ format }) => format))].join(', ')
  const hint = elsewhere[inputFormat] ?? `there are ${names}`
  throw new ObjectSourceError('configuration', `input.format "${inputFormat}": ${hint}`)
}
