import { deserialize } from 'node:v8'
import type { Row } from '@plutino/sdk'
import type { TestTuple } from '@plutino/sdk/testing/bench'
import { ENCODING_JSON, ENCODING_V8, FLAG_ENCODING, payloadStart } from '#src/flow/frame.ts'
import { readNote, readOffset } from '#src/flow/frame-note.ts'

/** The tuples in a chunk of a plugin source. */
export function tuplesIn(chunk: ArrayBuffer, count: number): TestTuple[] {
  const view = new DataView(chunk)
  const bytes = Buffer.from(chunk)
  let at = 0
  return Array.from({ length: count }, () => {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const note = readNote(bytes, view, at)
    const encoding = view.getUint32(at + 4, true) & FLAG_ENCODING
    const tuple: TestTuple = {
      message: messageOf(bytes.subarray(start, end), encoding),
      meta: note?.meta,
      timestamp: note?.timestamp,
      offset: readOffset(bytes, view, at),
    }
    at = end
    return tuple
  })
}

function messageOf(payload: Buffer, encoding: number): Row | Uint8Array {
  if (encoding === ENCODING_JSON) return JSON.parse(payload.toString('utf8')) as Row
  if (encoding === ENCODING_V8) return deserialize(payload) as Row
  return Uint8Array.from(payload)
}
