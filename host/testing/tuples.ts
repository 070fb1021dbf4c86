import { deserialize } from 'node:v8'
import type { Row } from '@plutino/sdk'
import type { TestTuple } from '@plutino/sdk/testing/bench'
import {
  ENCODING_JSON,
  ENCODING_V8,
  FLAG_ENCODING,
  FLAG_LINES,
  payloadStart,
} from '#src/flow/frame.ts'
import { eachLine, noteOfLine } from '#src/flow/frame-lines.ts'
import { type Note, readNote, readOffset } from '#src/flow/frame-note.ts'

/** The tuples in a chunk of a plugin source; a row each where one has many. */
export function tuplesIn(chunk: ArrayBuffer, count: number): TestTuple[] {
  const view = new DataView(chunk)
  const bytes = Buffer.from(chunk)
  const tuples: TestTuple[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const note = readNote(bytes, view, at)
    const offset = readOffset(bytes, view, at)
    const flags = view.getUint32(at + 4, true)
    const add = (from: number, to: number, own: Note | undefined) =>
      tuples.push({
        message: messageOf(bytes.subarray(from, to), flags & FLAG_ENCODING),
        meta: own?.meta,
        timestamp: own?.timestamp,
        offset,
      })
    let line = 0
    if ((flags & FLAG_LINES) === 0) add(start, end, note)
    else eachLine(bytes, start, end, (from, to) => add(from, to, noteOfLine(note, line++)))
    at = end
  }
  return tuples
}

function messageOf(payload: Buffer, encoding: number): Row | Uint8Array {
  if (encoding === ENCODING_JSON) return JSON.parse(payload.toString('utf8')) as Row
  if (encoding === ENCODING_V8) return deserialize(payload) as Row
  return Uint8Array.from(payload)
}
