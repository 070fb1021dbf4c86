import {
  ENCODING_FORMAT,
  ENCODING_JSON,
  ENCODING_V8,
  FLAG_NOTE,
  FLAG_OFFSET_NUMBER,
  FRAME_HEADER_BYTES,
} from '#src/flow/frame.ts'
import type { Skip } from '#src/flow/frame-note.ts'
import type { TupleExtra } from '../connectors/connector.ts'
import type { Chunk } from './chunk.ts'

/** What stands before a payload whose tuple has more to say than its arrival. */
export interface FrameHead {
  readonly flags: number
  readonly offset: number | undefined
  readonly note: Uint8Array | undefined
  /** Of header, offset and note. */
  readonly length: number
}

export const plainHead: FrameHead = {
  flags: 0,
  offset: undefined,
  note: undefined,
  length: FRAME_HEADER_BYTES,
}

export function headOf(extra: TupleExtra): FrameHead {
  const offset = typeof extra.offset === 'number' ? extra.offset : undefined
  const note = noteOf(extra)
  let flags = encodingOf(extra) | ((extra.metaReference ?? 0) << 8)
  let length = FRAME_HEADER_BYTES
  if (offset !== undefined) {
    flags |= FLAG_OFFSET_NUMBER
    length += 8
  }
  if (note !== undefined) {
    flags |= FLAG_NOTE
    length += 4 + note.length
  }
  return { flags, offset, note, length }
}

/** @returns where the payload begins */
export function writeHead(chunk: Chunk, head: FrameHead, payload: number, arrival: number): number {
  const { view, used: at } = chunk
  view.setUint32(at, payload, true)
  view.setUint32(at + 4, head.flags, true)
  view.setFloat64(at + 8, arrival, true)
  let place = at + FRAME_HEADER_BYTES
  if (head.offset !== undefined) {
    view.setFloat64(place, head.offset, true)
    place += 8
  }
  if (head.note !== undefined) {
    view.setUint32(place, head.note.length, true)
    chunk.bytes.set(head.note, place + 4)
    place += 4 + head.note.length
  }
  return place
}

/** Copies a whole frame that comes from elsewhere; what it says of arrival and shared metadata is not believed. */
export function restamp(chunk: Chunk, frame: Uint8Array, arrival: number): void {
  const at = chunk.used
  chunk.bytes.set(frame, at)
  chunk.view.setUint32(at + 4, chunk.view.getUint32(at + 4, true) & 0xff, true)
  chunk.view.setFloat64(at + 8, arrival, true)
}

/** Where a source goes on behind a tuple: so many tuples behind an offset. */
export interface FramePlace {
  readonly offset: unknown
  readonly skip: Skip | undefined
}

/** The offset in a frame's header or note. */
export function offsetIn(view: DataView, at: number): unknown {
  return placeIn(view, at).offset
}

export function placeIn(view: DataView, at: number): FramePlace {
  const flags = view.getUint32(at + 4, true)
  let start = at + FRAME_HEADER_BYTES
  let number: number | undefined
  if ((flags & FLAG_OFFSET_NUMBER) !== 0) {
    number = view.getFloat64(start, true)
    start += 8
  }
  if ((flags & FLAG_NOTE) === 0) return { offset: number, skip: undefined }
  const bytes = new Uint8Array(view.buffer, start + 4, view.getUint32(start, true))
  const note: { offset?: unknown; skip?: unknown } | null = JSON.parse(
    new TextDecoder().decode(bytes),
  )
  return { offset: number ?? note?.offset, skip: skipIn(note?.skip) }
}

function skipIn(value: unknown): Skip | undefined {
  if (typeof value === 'number') return value
  return Array.isArray(value) && value.every((known) => typeof known === 'number')
    ? value
    : undefined
}

function noteOf({ meta, timestamp, offset }: TupleExtra): Uint8Array | undefined {
  const rich = typeof offset === 'number' ? undefined : offset
  if (meta === undefined && timestamp === undefined && rich === undefined) return undefined
  return Buffer.from(JSON.stringify({ offset: rich, timestamp, meta }))
}

function encodingOf({ encoding }: TupleExtra): number {
  if (encoding === undefined) return ENCODING_FORMAT
  return encoding === 'json' ? ENCODING_JSON : ENCODING_V8
}
