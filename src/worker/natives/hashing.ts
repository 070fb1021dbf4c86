import { createHash, createHmac, getHashes } from 'node:crypto'
import { guarded } from '#src/sandbox/plain-error.ts'
import { bytesOf } from '#src/sandbox/wrap-text.ts'
import { integerIn, option } from './fault.ts'

const Bytes = Uint8Array
const makeHash = createHash
const makeHmac = createHmac
const known = getHashes()
const names: ReadonlyMap<string, string> = new Map(known.map((name) => [name.toLowerCase(), name]))
/** Digests of any length (shake) have at most this many bytes. */
const MAX_DIGEST_BYTES = 65_536

/** `update` takes bytes until `digest` gives the hash, once. */
export interface RunningHash {
  update(bytes: unknown): void
  digest(): Uint8Array
  copy?(): RunningHash
}

/**
 * `plutino:hashing`, on which what stands for `crypto` is built. Node's objects stay here: a plugin has functions that take
 * and give plain bytes.
 */
export function hashingModule(): object {
  return {
    names: () => [...known],
    hash(algorithm: unknown, options: unknown): RunningHash {
      const name = needName(algorithm)
      const length = option(options, 'outputLength')
      const outputLength =
        length === undefined ? undefined : integerIn(length, 'outputLength', 0, MAX_DIGEST_BYTES)
      return running(
        guarded(() => makeHash(name, outputLength === undefined ? {} : { outputLength })),
      )
    },
    hmac(algorithm: unknown, key: unknown): RunningHash {
      const name = needName(algorithm)
      const bytes = bytesOf(key)
      return running(guarded(() => makeHmac(name, bytes)))
    },
  }
}

interface Native {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  copy?(): Native
}

function running(native: Native): RunningHash {
  let isDone = false
  const need = () => {
    if (isDone)
      throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' })
  }
  const made: RunningHash = {
    update(bytes) {
      need()
      const plain = bytesOf(bytes)
      guarded(() => native.update(plain))
    },
    digest() {
      need()
      isDone = true
      // A copy: small results of Node's lie in memory that it shares.
      return guarded(() => new Bytes(native.digest()))
    },
  }
  if (native.copy === undefined) return Object.freeze(made)
  made.copy = () => {
    need()
    return running(guarded(() => native.copy?.() ?? native))
  }
  return Object.freeze(made)
}

function needName(algorithm: unknown): string {
  const name = typeof algorithm === 'string' ? names.get(algorithm.toLowerCase()) : undefined
  if (name !== undefined) return name
  throw Object.assign(new Error(`there is no digest "${String(algorithm).slice(0, 40)}"`), {
    code: 'ERR_CRYPTO_INVALID_DIGEST',
  })
}
