import { open, readdir, truncate } from 'node:fs/promises'
import { arrivalOf, Chunk, frameEnd } from '../buffer/chunk.ts'
import { offsetIn } from '../buffer/frame-head.ts'
import type { Meta } from '../buffer/meta-table.ts'
import { KIND_FRAMES, nextMagic, recordAt } from './record.ts'
import { Segment } from './segment.ts'

/** What a spool of an earlier life holds. */
export interface Recovered {
  readonly segments: readonly Segment[]
  /** Sequence number of the next frame; `undefined`: there never was one. */
  readonly next: number | undefined
  readonly lastArrival: number
  /** Where the source goes on after the last frame. */
  readonly lastOffset: unknown
  readonly metas: readonly Meta[]
  /** Bytes in the middle of the last segment that are damaged: frames that were acknowledged and are gone. */
  readonly damagedBytes: number
}

const nothing = {
  next: undefined,
  lastArrival: 0,
  lastOffset: undefined,
  metas: [],
  damagedBytes: 0,
}

/**
 * Reads what is there. Only the last segment may have a torn end, which is cut off: it was never acknowledged. Segments
 * before it were whole when the next one began.
 */
export async function recover(folder: string): Promise<Recovered> {
  const firsts: number[] = []
  for (const name of await readdir(folder)) {
    const first = Segment.firstOf(name)
    if (first !== undefined) firsts.push(first)
  }
  firsts.sort((a, b) => a - b)
  const scans: Scan[] = []
  // Metadata stand at the start of each segment, so the last one with any frame has all of them.
  while (firsts.length > 0) {
    const first = firsts.pop() ?? 0
    const scan = await scanOf(folder, first)
    if (scan.next !== undefined) {
      scans.push(scan)
      break
    }
    await scan.segment.remove()
  }
  const [last] = scans
  if (last === undefined) return { segments: [], ...nothing }
  const segments: Segment[] = []
  for (const first of firsts) {
    const segment = new Segment(folder, first, 0)
    const file = await open(segment.path, 'r')
    segment.bytes = (await file.stat()).size
    await file.close()
    segments.push(segment)
  }
  return { ...last, segments: [...segments, last.segment] }
}

interface Scan extends Omit<Recovered, 'segments'> {
  readonly segment: Segment
}

async function scanOf(folder: string, first: number): Promise<Scan> {
  const segment = new Segment(folder, first, 0)
  const file = await open(segment.path, 'r')
  const { size } = await file.stat()
  const chunk = new Chunk(size)
  await file.read(chunk.bytes, 0, size, 0)
  await file.close()
  const { end, ...found } = scan(chunk)
  if (end < size) await truncate(segment.path, end)
  segment.bytes = end
  segment.metas = found.metas.length
  return { segment, ...found }
}

function scan(chunk: Chunk): Omit<Recovered, 'segments'> & { readonly end: number } {
  const { view, bytes } = chunk
  const metas: Meta[] = []
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
    } else {
      const entries: Meta[] = JSON.parse(
        Buffer.from(bytes.buffer, record.start, record.end - record.start).toString(),
      )
      for (const [index, meta] of entries.entries()) metas[record.first - 1 + index] = meta
    }
    at = record.end
    end = at
  }
  // a hole that damage has left in the table
  for (let i = 0; i < metas.length; i++) metas[i] ??= { damaged: i }
  return {
    next,
    lastArrival: last < 0 ? 0 : arrivalOf(view, last),
    lastOffset: last < 0 ? undefined : offsetIn(view, last),
    metas,
    damagedBytes,
    end,
  }
}
