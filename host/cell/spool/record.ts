import { crc32 } from 'node:zlib'
import { Chunk } from '../buffer/chunk.ts'

/**
 * A record of a spool, little endian:
 *
 *     u32  magic
 *     u32  kind
 *     u32  length of the body in bytes
 *     u32  how many frames, entries of the metadata table, or changes of the ledger
 *     f64  sequence number of the first frame, reference of the first entry, or 0
 *     u32  crc32 of everything before this and of the body
 *     u32  0
 *     …    the body: frames as in `src/flow/frame.ts`, or entries or changes as a JSON array
 */
export const RECORD_HEADER_BYTES = 32
export const KIND_FRAMES = 1
export const KIND_METAS = 2
export const KIND_LEDGER = 3

const MAGIC = 0x314c_5053
const CRC_AT = 24
const magicBytes = Buffer.from([0x53, 0x50, 0x4c, 0x31])

export interface RecordHead {
  readonly kind: number
  readonly count: number
  readonly first: number
  /** Of the body, in the bytes that were read. */
  readonly start: number
  readonly end: number
}

/** A chunk for `bytes` of frames, its header to be written by `seal`. */
export function newRecord(bytes: number): Chunk {
  const chunk = new Chunk(RECORD_HEADER_BYTES + bytes)
  chunk.used = RECORD_HEADER_BYTES
  return chunk
}

/** Writes the header of a record whose body is complete. */
export function seal({ view, bytes, used }: Chunk, kind: number, count: number, first: number) {
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, kind, true)
  view.setUint32(8, used - RECORD_HEADER_BYTES, true)
  view.setUint32(12, count, true)
  view.setFloat64(16, first, true)
  view.setUint32(CRC_AT, sumOf(bytes, 0, used), true)
  view.setUint32(28, 0, true)
}

/** Entries of a metadata table from reference `first` on, or changes of the ledger. */
export function jsonRecord(
  kind: typeof KIND_METAS | typeof KIND_LEDGER,
  entries: readonly unknown[],
  first = 0,
): Uint8Array<ArrayBuffer> {
  const body = Buffer.from(JSON.stringify(entries))
  const chunk = newRecord(body.length)
  chunk.bytes.set(body, chunk.used)
  chunk.used += body.length
  seal(chunk, kind, entries.length, first)
  return chunk.bytes.subarray(0, chunk.used)
}

/**
 * The record at `at`: 'partial' when it reaches beyond `size`, 'damaged' when there is none or its sum is wrong.
 */
export function recordAt(
  { bytes, view }: Pick<Chunk, 'bytes' | 'view'>,
  at: number,
  size: number,
): RecordHead | 'partial' | 'damaged' {
  if (at + RECORD_HEADER_BYTES > size) return 'partial'
  if (view.getUint32(at, true) !== MAGIC) return 'damaged'
  const start = at + RECORD_HEADER_BYTES
  const end = start + view.getUint32(at + 8, true)
  if (end > size) return 'partial'
  if (view.getUint32(at + CRC_AT, true) !== sumOf(bytes, at, end)) return 'damaged'
  const kind = view.getUint32(at + 4, true)
  return {
    kind,
    count: view.getUint32(at + 12, true),
    first: view.getFloat64(at + 16, true),
    start,
    end,
  }
}

/** How long a record says that it is; what it says may be damage. */
export function claimedBytes(view: DataView, at: number): number {
  return RECORD_HEADER_BYTES + view.getUint32(at + 8, true)
}

/** Where the next thing that looks like a record begins, -1: nowhere before `size`. */
export function nextMagic(bytes: Uint8Array, from: number, size: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, size).indexOf(magicBytes, from)
}

function sumOf(bytes: Uint8Array, at: number, end: number): number {
  const head = crc32(bytes.subarray(at, at + CRC_AT))
  return crc32(bytes.subarray(at + RECORD_HEADER_BYTES, end), head)
}
