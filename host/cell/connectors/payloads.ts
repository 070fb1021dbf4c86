import { FLAG_NOTE, FRAME_HEADER_BYTES, payloadStart } from '#src/flow/frame.ts'
import { readNote } from '#src/flow/frame-note.ts'
import type { ConnectorContext, PayloadChunk } from './connector.ts'

type Meta = Readonly<Record<string, unknown>>

/** One payload of a chunk. The bytes are a view: copy them to keep them. */
export interface Payload {
  readonly bytes: Uint8Array
  /** Its number within the action. */
  readonly sequence: number
  /** What the dynamic properties of the action are for this payload, by name. */
  readonly meta: Meta | undefined
}

/** The payloads of a chunk, in order. */
export function* payloadsOf(chunk: PayloadChunk): Generator<Payload> {
  const view = new DataView(chunk.buffer)
  const notes = new Notes(chunk.buffer, view)
  let at = 0
  for (let i = 0; i < chunk.count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const bytes = new Uint8Array(chunk.buffer, start, end - start)
    yield { bytes, sequence: chunk.first + i, meta: notes.metaAt(at) }
    at = end
  }
}

/** Calls back with the bounds of each payload; the way of sinks that write a lot. */
export function eachPayload(
  chunk: PayloadChunk,
  take: (bytes: Uint8Array, start: number, end: number, meta: Meta | undefined) => void,
): void {
  const view = new DataView(chunk.buffer)
  const bytes = Buffer.from(chunk.buffer)
  const notes = new Notes(chunk.buffer, view)
  let at = 0
  for (let i = 0; i < chunk.count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    take(bytes, start, end, notes.metaAt(at))
    at = end
  }
}

/**
 * Names a payload for ever: the same after a restart from a checkpoint, which a receiver may know it by. Made of the rule,
 * the numbering that the payload counts in, the action and its number there.
 */
export function rowIds(
  chunk: PayloadChunk,
  { ruleId, name, generation }: Pick<ConnectorContext, 'ruleId' | 'name' | 'generation'>,
): (sequence: number) => string {
  const prefix = `${ruleId}-${chunk.generation ?? generation}-${name}-`
  return (sequence) => prefix + sequence
}

/** The notes of a chunk; one that is like the one before it is not read again. */
class Notes {
  readonly #bytes: Buffer
  readonly #view: DataView
  #lastAt = -1
  #lastLength = 0
  #last: Meta | undefined

  constructor(buffer: ArrayBuffer, view: DataView) {
    this.#bytes = Buffer.from(buffer)
    this.#view = view
  }

  metaAt(at: number): Meta | undefined {
    if ((this.#view.getUint32(at + 4, true) & FLAG_NOTE) === 0) return undefined
    const start = at + FRAME_HEADER_BYTES
    const length = payloadStart(this.#view, at) - start
    const isSame =
      length === this.#lastLength &&
      this.#bytes.compare(
        this.#bytes,
        start,
        start + length,
        this.#lastAt,
        this.#lastAt + length,
      ) === 0
    if (isSame) return this.#last
    this.#lastAt = start
    this.#lastLength = length
    this.#last = readNote(this.#bytes, this.#view, at)?.meta
    return this.#last
  }
}

/** The bytes that the payloads of a chunk can take, at most. */
export function payloadBytes(chunk: PayloadChunk): number {
  return chunk.buffer.byteLength - chunk.count * FRAME_HEADER_BYTES
}

/** Payloads `from` to before `to` of a chunk, counted from 0: a copy, or the chunk itself when that is all of it. */
export function chunkPart<T extends Pick<PayloadChunk, 'buffer' | 'count' | 'first'>>(
  chunk: T,
  from: number,
  to = chunk.count,
): T {
  if (from <= 0 && to >= chunk.count) return chunk
  const view = new DataView(chunk.buffer)
  let at = 0
  for (let i = 0; i < from; i++) at = endOf(view, at)
  const start = at
  for (let i = from; i < to; i++) at = endOf(view, at)
  const buffer = chunk.buffer.slice(start, at)
  return { ...chunk, buffer, count: to - from, first: chunk.first + from }
}

function endOf(view: DataView, at: number): number {
  return payloadStart(view, at) + view.getUint32(at, true)
}
