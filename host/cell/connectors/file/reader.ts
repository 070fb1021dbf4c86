import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { createGunzip, createZstdDecompress, gunzip, zstdDecompress } from 'node:zlib'
import type { FileOptions } from './options.ts'
import { type FileRecord, readRecords, splitCsv } from './records.ts'

/** A tuple of a file: its payload, in JSON unless it is a line as it stands, and where the next one starts. */
export interface FileTuple {
  readonly bytes: Buffer
  readonly isJson: boolean
  /** Bytes from the start for lines and csv, elements of the array for json. */
  readonly next: number
}

/** The tuples of one file from `start` on, which is a `next` of an earlier reading. */
export async function* readTuples(
  path: string,
  options: FileOptions,
  start: number,
): AsyncGenerator<FileTuple> {
  if (options.fileType === 'json') yield* readDocument(path, options, start)
  else yield* readLines(path, options, start)
}

/** A json file is one document: an object, or an array with a row per element. */
async function* readDocument(
  path: string,
  options: FileOptions,
  start: number,
): AsyncGenerator<FileTuple> {
  const raw = await readFile(path)
  const bytes = await decompressed(raw, options)
  let document: unknown
  try {
    document = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new Error(
      `file "${path}" is not JSON: ${(error as Error).message}; for a JSON document per line set fileType to lines`,
      { cause: error },
    )
  }
  const rows = Array.isArray(document) ? document : [document]
  for (let i = start; i < rows.length; i++) {
    yield { bytes: Buffer.from(JSON.stringify(rows[i])), isJson: true, next: i + 1 }
  }
}

async function decompressed(bytes: Buffer, { decompression }: FileOptions): Promise<Buffer> {
  if (decompression === 'gzip') return promisify(gunzip)(bytes)
  if (decompression === 'zstd') return promisify(zstdDecompress)(bytes)
  return bytes
}

async function* readLines(
  path: string,
  options: FileOptions,
  start: number,
): AsyncGenerator<FileTuple> {
  const isCsv = options.fileType === 'csv'
  const skipped = options.ignoreStartLines
  let columns = options.columns
  let line = 0
  // the first lines are read again even when the reading goes on further down: the header names the columns
  for await (const record of withoutLast(
    openRecords(path, options, isCsv),
    options.ignoreEndLines,
  )) {
    line++
    if (line <= skipped) continue
    if (isCsv && options.hasHeader && line === skipped + 1) {
      columns = splitCsv(record.bytes.toString('utf8'), options.delimiter)
      continue
    }
    if (record.end <= start) continue
    if (columns === undefined || !isCsv)
      yield { bytes: record.bytes, isJson: false, next: record.end }
    else
      yield {
        bytes: named(record.bytes, columns, options.delimiter),
        isJson: true,
        next: record.end,
      }
  }
}

function openRecords(
  path: string,
  options: FileOptions,
  quotes: boolean,
): AsyncGenerator<FileRecord> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 })
  const { decompression } = options
  if (decompression === '') return readRecords(file, { start: 0, quotes })
  const unpack = decompression === 'gzip' ? createGunzip() : createZstdDecompress()
  file.on('error', (error) => unpack.destroy(error))
  return readRecords(file.pipe(unpack), { start: 0, quotes })
}

async function* withoutLast<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const held: T[] = []
  for await (const item of items) {
    held.push(item)
    if (held.length > count) yield held.shift() as T
  }
}

function named(record: Buffer, columns: readonly string[], delimiter: string): Buffer {
  const fields = splitCsv(record.toString('utf8'), delimiter)
  const row: Record<string, string> = {}
  for (const [i, column] of columns.entries()) if (fields[i] !== undefined) row[column] = fields[i]
  return Buffer.from(JSON.stringify(row))
}
