import { gunzipSync } from 'fflate'
import { decompress as decompressZstd } from 'fzstd'
import type { Compressors, FileMetaData, RowGroup } from 'hyparquet'
import { parquetMetadataAsync, parquetSchema } from 'hyparquet/src/metadata.js'
import { parquetRead } from 'hyparquet/src/read.js'
import { textOf } from './errors.ts'
import { asLong } from './exact-json.ts'
import { joined } from './lines.ts'
import type { LongMode } from './source-config.ts'
import { type Batch, brokenObject, Transformer, type TransformInput } from './transformer.ts'

/** A row group that unpacks to more is read in slices of about half as much. */
const GROUP_BYTES = 32 * 2 ** 20
const ROWS_AT_ONCE = 1024
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
    const names = parquetSchema(metadata).children.map(({ element }) => element.name)
    const rowsOf = rowMaker(metadata, names, config.longs)
    for (const { rowStart, rowEnd, isPart, bytes } of slicesOf(metadata.row_groups, skip)) {
      const options = { file, metadata, compressors, rowStart, rowEnd, useOffsetIndex: isPart }
      const columns = await decoding(() => columnsOf(options, names))
      const { schema } = metadata
      // A few at a time: rows that live long cost as much as reading them.
      for (let from = rowStart; from < rowEnd; from += ROWS_AT_ONCE) {
        const values = rowsOf(columns, from, Math.min(rowEnd, from + ROWS_AT_ONCE))
        yield { schema, values, bytes: (bytes * 2 * values.length) / (rowEnd - rowStart) }
      }
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

/** The rows `from` to before `to` of columns that were read. */
type RowMaker = (columns: readonly Column[], from: number, to: number) => unknown[]

/** Values of one column, from a row on. */
interface Column {
  readonly start: number
  readonly data: ArrayLike<unknown>
}

/** The top-level columns of some rows, in the order of the schema; nested ones are put together by the library. */
async function columnsOf(
  options: Parameters<typeof parquetRead>[0],
  names: readonly string[],
): Promise<readonly Column[]> {
  const pieces = new Map<string, Column[]>(names.map((name) => [name, []]))
  await parquetRead({
    ...options,
    onChunk: ({ columnName, columnData, rowStart }) => {
      pieces.get(columnName)?.push({ start: rowStart, data: columnData })
    },
  })
  return names.map((name) => wholeOf(pieces.get(name) ?? []))
}

function wholeOf(pieces: readonly Column[]): Column {
  const [first, ...more] = pieces
  if (first === undefined) return { start: 0, data: [] }
  if (more.length === 0) return first
  return { start: first.start, data: pieces.flatMap(({ data }) => Array.from(data)) }
}

/**
 * Makes rows of columns, and of bigints numbers where they are exact. Generated, since properties of changing names would
 * cost as much as reading a row. Nothing of the file goes into the text but quoted names; what it uses is handed in, since
 * globals are slow in a compartment.
 */
function rowMaker(metadata: FileMetaData, names: readonly string[], longs: LongMode): RowMaker {
  const isKept = longs === 'bigint'
  const wide = new Set<string>()
  for (const { meta_data } of metadata.row_groups[0]?.columns ?? []) {
    const [name] = meta_data?.path_in_schema ?? []
    if (!isKept && meta_data?.type === 'INT64' && name !== undefined) wide.add(name)
  }
  const values = names.map((name, i) => {
    const value = `c${i}[r - s${i}]`
    return `[${JSON.stringify(name)}]: ${wide.has(name) ? `narrow(${value})` : value}`
  })
  const text = `'use strict'
return (columns, from, to) => {
  ${names.map((_, i) => `const c${i} = columns[${i}].data, s${i} = columns[${i}].start`).join('\n  ')}
  const rows = []
  for (let r = from; r < to; r++) rows.push({ ${values.join(', ')} })
  return rows
}`
  const narrow = (value: unknown): unknown => {
    if (typeof value === 'bigint') return asLong(value, longs)
    return typeof value === 'object' && value !== null ? narrowed(value, longs) : value
  }
  return new Function('narrow', text)(narrow) as RowMaker
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
