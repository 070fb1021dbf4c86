import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'
import type { StoredCheckpoint } from '#host/cell/cell.ts'

/** What the body of a checkpoint holds; epoch and time stand in its row. */
export type Body = Omit<StoredCheckpoint, 'epoch' | 'at'>

/** The first four bytes of a body name its format. */
const FORMAT = Buffer.from('PLC1')
/** Hashed in one turn of the event loop: a millisecond or two, whatever the size of a state. */
const SLICE = 1_048_576

/**
 * A body in parts, one behind the other: the format, the length of the head as 32 bits (little endian), the head, and the
 * state as it came, which is not copied.
 */
export function partsOf({ state, ...head }: Body): readonly Uint8Array[] {
  const bytes = serialize(head)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return [FORMAT, length, bytes, state]
}

/** @returns `undefined` for what is no body of this format */
export function bodyOf(bytes: Uint8Array): Body | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < 8 || !view.subarray(0, 4).equals(FORMAT)) return undefined
  const end = 8 + view.readUInt32LE(4)
  const state = new Uint8Array(bytes.buffer, bytes.byteOffset + end, bytes.length - end)
  return { ...deserialize(view.subarray(8, end)), state }
}

/** The SHA-256 of the parts, in hex. */
export async function digestOf(parts: readonly Uint8Array[]): Promise<string> {
  const hash = createHash('sha256')
  for (const part of parts) {
    for (let at = 0; at < part.length; at += SLICE) {
      if (at > 0) await nextTurn()
      hash.update(part.subarray(at, at + SLICE))
    }
  }
  return hash.digest('hex')
}
