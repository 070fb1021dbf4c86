import { open, readdir, stat, truncate } from 'node:fs/promises'
import { arrivalOf, Chunk, frameEnd } from '../buffer/chunk.ts'
import { type FramePlace, placeIn } from '../buffer/frame-head.ts'
import type { Meta } from '../buffer/meta-table.ts'
import type { Change } from './ledger.ts'
import {
  KIND_FRAMES,
  KIND_LEDGER,
  KIND_METAS,
  nextMagic,
  type RecordHead,
  recordAt,
} from './record.ts'
import { Segment } from './segment.ts'

/** What a spool of an earlier life holds. */
export interface Recovered {
  readonly segments: readonly Segment[]
  /** Sequence number of the next frame; `undefined`: there never was one. */
  readonly next: number | undefined
  readonly lastArrival: number
  /** Where the source goes on after the last frame. */
  readonly lastPlace: FramePlace | undefined
  readonly metas: readonly Meta[]
  readonly ledger: readonly Change[]
  /** Bytes in the middle of the last segment that are damaged: frames that were acknowledged and are gone. */
  readonly damagedBytes: number
}

const nothing: Recovered = {
  segments: [],
  next: undefined,
  lastArrival: 0,
  lastPlace: undefined,
  metas: [],
  ledger: [],
  damagedBytes: 0,
}

/**
 * Reads what is there. Only the last segment may have a torn end, which is cut off: it was never acknowledged. Segments
 * before it were whole when the next one began.
 */
export async function recover(folder: string): Promise<Recovered> {
  const older: Segment[] = []
  for (const name of await readdir(folder)) {
    const segment = Segment.named(folder, name)
    if (segment !== undefined) older.push(segment)
  }
  older.sort((a, b) => a.first - b.first || a.again - b.again)
  const scans: Scan[] = []
  // Metadata and ledger stand at the start of each segment, so the last one with any record has all of them.
  for (let segment = older.pop(); segment !== undefined; segment = older.pop()) {
    const scan = await scanOf(segment)
    if (scan.end === 0) {
      await segment.remove()
      continue
    }
    scans.unshift(scan)
    if (scan.next !== undefined) break
  }
  const newest = scans.at(-1)
  if (newest === undefined) return nothing
  for (const segment of older) segment.bytes = (await stat(segment.path)).size
  const { metas, ledger } = newest
  const { lastArrival, lastPlace } = scans[0] ?? nothing
  let damagedBytes = 0
  for (const scan of scans) damagedBytes += scan.damagedBytes
  return {
    segments: [...older, ...scans.map(({ segment }) => segment)],
    next: scans[0]?.next ?? newest.segment.first,
    lastArrival,
    lastPlace,
    metas,
    ledger,
    damagedBytes,
  }
}

interface Found extends Omit<Recovered, 'segments'> {
  /** Of the last whole record. */
  readonly end: number
}

interface Scan extends Found {
  readonly segment: Segment
}

async function scanOf(segment: Segment): Promise<Scan> {
  const file = await open(segment.path, 'r')
  const { size } = await file.stat()
  const chunk = new Chunk(size)
  await file.read(chunk.bytes, 0, size, 0)
  await file.close()
  const found = scan(chunk)
  if (found.end < size) await truncate(segment.path, found.end)
  segment.bytes = found.end
  segment.metas = found.metas.length
  return { segment, ...found }
}

function scan(chunk: Chunk): Found {
  const { view, bytes } = chunk
  const metas: Meta[] = []
  const ledger: Change[] = []
  let last = -1
  let next: number | undefined
  let [at, end, damagedBytes] = [0, 0, 0]
  while (at < bytes.length) {
    const record = recordAt(chunk, at, bytes.length)
    if (typeof record === 'string') {
      // Behind a torn end there is nothing whole; behind damage there is.
      at = nextMagic(bytes, at + 1, bytes.length)
      if (at < 0) break
      continue
    }
    damagedBytes += at - end
    if (record.kind === KIND_FRAMES) {
      next = record.first + record.count
      last = record.start
      for (let i = 1; i < record.count; i++) last = frameEnd(view, last)
    } else if (record.kind === KIND_METAS) {
      const entries: Meta[] = jsonIn(bytes, record)
      for (const [index, meta] of entries.entries()) metas[record.first - 1 + index] = meta
    } else if (record.kind === KIND_LEDGER) {
      const changes: Change[] = jsonIn(bytes, record)
      ledger.push(...changes)
    }
    at = record.end
    end = at
  }
  // a hole that damage has left in the table
  for (let i = 0; i < metas.length; i++) metas[i] ??= { damaged: i }
  return {
    next,
    lastArrival: last < 0 ? 0 : arrivalOf(view, last),
    lastPlace: last < 0 ? undefined : placeIn(view, last),
    metas,
    ledger,
    damagedBytes,
    end,
  }
}

/** Its sum was right: it is as it was written. */
function jsonIn<T>(bytes: Uint8Array, { start, end }: RecordHead): T {
  return JSON.parse(Buffer.from(bytes.buffer, start, end - start).toString())
}
