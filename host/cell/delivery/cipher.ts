import { type CipherGCMTypes, createCipheriv, randomBytes } from 'node:crypto'
import { mapPayloads } from '#src/flow/map-payloads.ts'
import type { Properties } from '../connectors/properties.ts'

/** `encryption: aes`: how payloads are closed before they leave the rule. */
export interface CipherOptions {
  readonly mode: 'cfb' | 'gcm'
  readonly key: Buffer
}

const MODES = ['cfb', 'gcm'] as const
const KEY_BYTES = [16, 24, 32]
const CFB_VECTOR_BYTES = 16
const GCM_NONCE_BYTES = 12

/** @throws CellError `bad-property` */
export function readCipher(read: Properties): CipherOptions | undefined {
  const name = read.text('encryption', '').toLowerCase()
  if (name === '') return undefined
  if (name !== 'aes') read.refuse('encryption', `can be aes, not "${name}"`)
  const props = read.record('encProps')
  const mode = MODES.find((known) => known === (props.mode ?? 'cfb'))
  if (mode === undefined) read.refuse('encProps', `mode must be one of ${MODES.join(', ')}`)
  const { key } = props
  if (typeof key !== 'string' || key === '') {
    read.refuse('encryption', 'needs a key: set basic.aesKey of the server, or encProps.key')
  }
  const bytes = Buffer.from(key, 'base64')
  if (!KEY_BYTES.includes(bytes.length)) {
    read.refuse('encryption', `needs a key of 16, 24 or 32 bytes in base64, not ${bytes.length}`)
  }
  return { mode, key: bytes }
}

/**
 * The payloads of a chunk, each closed on its own: the random vector, what AES made of it and, with gcm, the tag of 16
 * bytes. Headers and notes stay as they are.
 */
export function encrypted<T extends { readonly buffer: ArrayBuffer; readonly count: number }>(
  chunk: T,
  cipher: CipherOptions,
): T {
  return mapPayloads(chunk, (payload) => closed(payload, cipher))
}

function closed(payload: Uint8Array, { mode, key }: CipherOptions): Buffer {
  const bits = key.length * 8
  if (mode === 'cfb') {
    const vector = randomBytes(CFB_VECTOR_BYTES)
    const cipher = createCipheriv(`aes-${bits}-cfb`, key, vector)
    return Buffer.concat([vector, cipher.update(payload), cipher.final()])
  }
  const nonce = randomBytes(GCM_NONCE_BYTES)
  const cipher = createCipheriv(`aes-${bits}-gcm` as CipherGCMTypes, key, nonce)
  return Buffer.concat([nonce, cipher.update(payload), cipher.final(), cipher.getAuthTag()])
}
