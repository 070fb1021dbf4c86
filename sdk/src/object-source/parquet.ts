import { gunzipSync } from 'fflate'
import { decompress as decompressZstd } from 'fzstd'
import type { Compressors, FileMetaData, RowGroup } from 'hyparquet'
import { parquetMetadataAsync } from 'hyparquet/src/metadata.js'
import { parquetReadObjects } from 'hyparquet/src/read.js'
import { textOf } from './errors.ts'
import { asLong } from './exact-json.ts'
import { joined } from './lines.ts'
import type { LongMode } from './source-config.ts'
import { type Batch, brokenObject, Transformer, type TransformInput } from './transformer.ts'

/** A row group that unpacks to more is read in slices of about half as much. */
const GROUP_BYTES = 32 * 2 ** 20
/** Snappy is the library's own; these are plain JavaScript too. */
const pureCompressors: Compressors = {
  GZIP: (bytes) => gunzipSync(bytes),
  ZSTD: (bytes) => decompressZstd(bytes),
}

/**
 * Rows of parquet files, a row group at a time: what is left out is not fetched where it is whole groups. Wants a store that
 * reads ranges; without, the file has to fit `max.record.bytes`.
 */
export class ParquetTransformer extends Transformer {
  readonly format = 'parquet'
  override readonly compressesItself = true
  override readonly readsRanges = true
  readonly #compressors: Compressors

  /** @param compressors for what is neither snappy, gzip nor zstd, or for faster ones */
  constructor(compressors: Compressors = {}) {
    super()
    this.#compressors = { ...pureCompressors, ...compressors }
  }

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { context, config, skip } = input
    const file = await rangesOf(input)
    if (file.byteLength === 0) return
    const compressors = this.#compressors
    const decoding = async <T>(step: () => Promise<T>): Promise<T> => {
      try {
        return await step()
      } catch (error) {
        // What the store says passes as it is: it may be worth another try.
        if (file.failure !== undefined) throw file.failure.error
        throw brokenObject(context, textOf(error), error)
      }
    }
    const metadata = await decoding(() => parquetMetadataAsync(file))
    const narrow = narrower(metadata, config.longs)
    for (const { rowStart, rowEnd, isPart, bytes } of slicesOf(metadata.row_groups, skip)) {
      const options = { file, metadata, compressors, rowStart, rowEnd, useOffsetIndex: isPart }
      const values = await decoding(() => parquetReadObjects(options))
      for (const value of values) narrow(value)
      yield { schema: metadata.schema, values, bytes: bytes * 2 }
    }
  }
}

interface Slice {
  readonly rowStart: number
  readonly rowEnd: number
  readonly bytes: number
  /** Of a row group. */
  readonly isPart: boolean
}

/** What is read at once: row groups, or parts of large ones. */
function slicesOf(groups: readonly RowGroup[], skip: number): readonly Slice[] {
  const slices: Slice[] = []
  let start = 0
  for (const group of groups) {
    const end = start + Number(group.num_rows)
    const step = rowsAtOnce(group)
    for (let row = Math.max(start, skip); row < end; row += step) {
      const rowEnd = Math.min(end, row + step)
      const share = (rowEnd - row) / Math.max(1, end - start)
      const bytes = Number(group.total_byte_size) * share
      slices.push({ rowStart: row, rowEnd, bytes, isPart: end - start > step })
    }
    start = end
  }
  return slices
}

function rowsAtOnce({ num_rows, total_byte_size }: RowGroup): number {
  const [rows, bytes] = [Number(num_rows), Number(total_byte_size)]
  if (bytes <= GROUP_BYTES) return Math.max(1, rows)
  return Math.max(1, Math.floor((rows * GROUP_BYTES) / 2 / bytes))
}

interface RangedFile {
  readonly byteLength: number
  slice(start: number, end?: number): Promise<ArrayBuffer>
  /** What the store threw. */
  readonly failure: { readonly error: unknown } | undefined
}

async function rangesOf({ body, config, context, signal }: TransformInput): Promise<RangedFile> {
  const { read } = body
  if (read !== undefined) {
    let failure: { error: unknown } | undefined
    return {
      byteLength: body.length,
      get failure() {
        return failure
      },
      async slice(start, end = body.length) {
        try {
          return owned(await read(start, end, signal))
        } catch (error) {
          failure = { error }
          throw error
        }
      },
    }
  }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of await body.open(signal)) {
    parts.push(chunk.slice())
    size += chunk.length
    if (size <= config.maxRecordBytes) continue
    throw brokenObject(context, 'beyond max.record.bytes, and its store does not read ranges')
  }
  const whole = joined(parts)
  return {
    byteLength: whole.length,
    slice: async (start, end) => owned(whole.subarray(start, end)),
    failure: undefined,
  }
}

/** The buffer itself where it holds nothing else. */
function owned(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return buffer
  return bytes.slice().buffer as ArrayBuffer
}

type Narrow = (row: Record<string, unknown>) => void

/**
 * Makes numbers of bigints where they are exact, in columns that hold 64-bit integers. Generated, since properties of
 * changing names would cost as much as reading a row. Nothing of the file goes into the text but quoted names.
 */
function narrower({ row_groups }: FileMetaData, longs: LongMode): Narrow {
  const columns = new Set<string>()
  for (const { meta_data } of row_groups[0]?.columns ?? []) {
    const [name] = meta_data?.path_in_schema ?? []
    if (meta_data?.type === 'INT64' && name !== undefined && name !== '__proto__') columns.add(name)
  }
  if (longs === 'bigint' || columns.size === 0) return () => {}
  const fits = longs === 'number' ? 'true' : 'Number.isSafeInteger(near)'
  const steps = [...columns].map((column) => {
    const place = `row[${JSON.stringify(column)}]`
    return `v = ${place}
      if (typeof v === 'bigint') {
        const near = Number(v)
        if (${fits}) ${place} = near
      } else if (typeof v === 'object' && v !== null) ${place} = deep(v)`
  })
  const text = `'use strict'\nreturn (row) => {\nlet v\n${steps.join('\n')}\n}`
  return new Function('deep', text)((value: unknown) => narrowed(value, longs)) as Narrow
}

function narrowed(value: unknown, longs: LongMode): unknown {
  if (typeof value === 'bigint') return asLong(value, longs)
  if (Array.isArray(value)) return value.map((part) => narrowed(part, longs))
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  ) {
    return value
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, narrowed(part, longs)]),
  )
}
