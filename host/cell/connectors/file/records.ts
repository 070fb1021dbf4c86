const NEWLINE = 10
const RETURN = 13
const QUOTE = 34

/** One record of a file as bytes, without its line break; `end` is where the next one starts, in bytes from the start of the file. */
export interface FileRecord {
  readonly bytes: Buffer
  readonly end: number
}

/** A record longer than this is an error that names the file, not a reason to run out of memory. */
export const MAX_RECORD_BYTES = 64 << 20

/**
 * Cuts a file into lines. With `quotes` a line break inside double quotes belongs to the record (RFC 4180).
 * Blank lines are left out.
 *
 * @param start the offset of the first byte of `chunks` in the file
 */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  options: { readonly start: number; readonly quotes: boolean },
): AsyncGenerator<FileRecord> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = options.start
  let scanned = 0
  let isQuoted = false
  for await (const chunk of chunks) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    let at = rest.length === 0 ? 0 : scanned
    for (;;) {
      const to = options.quotes ? findUnquoted() : bytes.indexOf(NEWLINE, at)
      if (to < 0) break
      const record = trimmed(bytes, from, to)
      from = at = to + 1
      if (record.length > 0) yield { bytes: record, end: offset + from }
    }
    rest = Buffer.from(bytes.subarray(from))
    scanned = options.quotes ? at - from : rest.length
    offset += from
    if (rest.length > MAX_RECORD_BYTES)
      throw new Error(`a record is longer than ${MAX_RECORD_BYTES} bytes`)

    function findUnquoted(): number {
      for (; at < bytes.length; at++) {
        const byte = bytes[at]
        if (byte === QUOTE) isQuoted = !isQuoted
        else if (byte === NEWLINE && !isQuoted) return at
      }
      return -1
    }
  }
  const last = trimmed(rest, 0, rest.length)
  if (last.length > 0) yield { bytes: last, end: offset + rest.length }
}

function trimmed(bytes: Buffer, from: number, to: number): Buffer {
  return bytes.subarray(from, to > from && bytes[to - 1] === RETURN ? to - 1 : to)
}

/** The fields of one csv record (RFC 4180). */
export function splitCsv(record: string, delimiter: string): string[] {
  const fields: string[] = []
  let at = 0
  for (;;) {
    let field = ''
    if (record[at] === '"') {
      at++
      for (;;) {
        const close = record.indexOf('"', at)
        if (close < 0) {
          field += record.slice(at)
          at = record.length
          break
        }
        field += record.slice(at, close)
        at = close + 1
        if (record[at] !== '"') break
        field += '"'
        at++
      }
    }
    const next = record.indexOf(delimiter, at)
    field += record.slice(at, next < 0 ? record.length : next)
    fields.push(field)
    if (next < 0) return fields
    at = next + delimiter.length
  }
}
