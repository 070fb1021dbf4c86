import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import type { StoredCheckpoint } from '#host/cell/cell.ts'
import { HostError } from '#host/errors.ts'

/**
 * A rule's state as a file:
 *
 *     8 bytes   `PLUTSTAT`
 *     u32       version of this format, little endian
 *     u32       length of the head
 *     32 bytes  SHA-256 of head and body
 *     …         the head: JSON, for people and for the check of whose it is
 *     …         the body: the checkpoint, as the store keeps it
 */
export interface StateHead {
  readonly rule: string
  readonly sql: string
  /** ms since the epoch */
  readonly at: number
  readonly epoch: number
  /** Of the host that wrote it. */
  readonly plutino: string
}

export interface StateFile {
  readonly head: StateHead
  readonly checkpoint: StoredCheckpoint
}

const magic = Buffer.from('PLUTSTAT')
const version = 1
const fixedBytes = magic.length + 8 + 32

export function encodeState({ head, checkpoint }: StateFile): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const body = serialize(checkpoint)
  const fixed = Buffer.alloc(fixedBytes)
  magic.copy(fixed)
  fixed.writeUInt32LE(version, 8)
  fixed.writeUInt32LE(text.length, 12)
  digest(text, body).copy(fixed, 16)
  return Buffer.concat([fixed, text, body])
}

/** @throws HostError `bad-body` for what is no state, is damaged, or of a version that this host does not read */
export function decodeState(bytes: Uint8Array): StateFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < fixedBytes || !buffer.subarray(0, 8).equals(magic)) {
    throw bad('the body is no state of a rule; send what GET /rules/{id}/state gave')
  }
  const written = buffer.readUInt32LE(8)
  if (written !== version) {
    throw bad(`the state is of format ${written}; this host reads format ${version}`)
  }
  const length = buffer.readUInt32LE(12)
  const text = buffer.subarray(fixedBytes, fixedBytes + length)
  const body = buffer.subarray(fixedBytes + length)
  if (!digest(text, body).equals(buffer.subarray(16, fixedBytes))) {
    throw bad('the state is damaged: its checksum does not fit; export it again')
  }
  try {
    return { head: JSON.parse(text.toString()), checkpoint: deserialize(body) }
  } catch (error) {
    throw new HostError('bad-body', 'the state cannot be read; export it again', { cause: error })
  }
}

function digest(head: Uint8Array, body: Uint8Array): Buffer {
  return createHash('sha256').update(head).update(body).digest()
}

function bad(message: string): HostError {
  return new HostError('bad-body', message)
}
