import { FRAME_HEADER_BYTES, payloadStart } from '#src/flow/frame.ts'
import type { PayloadChunk } from './connector.ts'

/** One payload of a chunk. The bytes are a view: copy them to keep them. */
export interface Payload {
  readonly bytes: Uint8Array
  /** Its number within the action. */
  readonly sequence: number
}

/** The payloads of a chunk, in order. */
export function* payloadsOf(chunk: PayloadChunk): Generator<Payload> {
  const view = new DataView(chunk.buffer)
  let at = 0
  for (let i = 0; i < chunk.count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    yield { bytes: new Uint8Array(chunk.buffer, start, end - start), sequence: chunk.first + i }
    at = end
  }
}

/** Calls back with the bounds of each payload; the way of sinks that write a lot. */
export function eachPayload(
  chunk: PayloadChunk,
  take: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  const view = new DataView(chunk.buffer)
  const bytes = Buffer.from(chunk.buffer)
  let at = 0
  for (let i = 0; i < chunk.count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    take(bytes, start, end)
    at = end
  }
}

/** The bytes that the payloads of a chunk can take, at most. */
export function payloadBytes(chunk: PayloadChunk): number {
  return chunk.buffer.byteLength - chunk.count * FRAME_HEADER_BYTES
}
