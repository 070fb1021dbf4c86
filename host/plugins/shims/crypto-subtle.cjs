/* Of Web Crypto what drivers use to prove a password: digests, HMAC, keys from passwords. Keys are plain objects. */
const hashing = require('plutino:hashing')
const { Buffer } = require('./buffer.cjs')
const { pbkdf2Sync, hkdfSync, hmac } = require('./crypto-keys.cjs')

/** What was imported: nobody sees the bytes through the key. */
const secrets = new WeakMap()

function nameOf(algorithm) {
  return String(typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase()
}

function digestName(algorithm) {
  return nameOf(algorithm).replace('SHA-', 'sha')
}

function bytesOf(data) {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

function memoryOf(bytes) {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

function unsupported(what) {
  const error = new Error(`Web Crypto of a sandboxed plugin has no ${what}`)
  return Object.assign(error, { name: 'NotSupportedError', code: 'ERR_PLUGIN_DENIED' })
}

function secretOf(key) {
  const bytes = secrets.get(key)
  if (bytes === undefined) throw new TypeError('the key is none of this plugin')
  return bytes
}

const subtle = {
  async digest(algorithm, data) {
    const running = hashing.hash(digestName(algorithm))
    running.update(bytesOf(data))
    return memoryOf(running.digest())
  },
  async importKey(format, data, algorithm, extractable, usages) {
    const name = nameOf(algorithm)
    if (format !== 'raw' || !['HMAC', 'PBKDF2', 'HKDF'].includes(name))
      throw unsupported(`${format} keys for ${name}`)
    const key = { type: 'secret', extractable, algorithm: { ...Object(algorithm), name }, usages }
    secrets.set(key, Buffer.from(bytesOf(data)))
    return Object.freeze(key)
  },
  async sign(algorithm, key, data) {
    if (nameOf(algorithm) !== 'HMAC') throw unsupported(`signature by ${nameOf(algorithm)}`)
    return memoryOf(hmac(digestName(key.algorithm.hash), secretOf(key), bytesOf(data)))
  },
  async verify(algorithm, key, signature, data) {
    const wanted = Buffer.from(await subtle.sign(algorithm, key, data))
    const given = bytesOf(signature)
    let difference = wanted.length ^ given.length
    for (let i = 0; i < wanted.length; i++) difference |= wanted[i] ^ given[i]
    return difference === 0
  },
  async deriveBits(algorithm, key, length) {
    const digest = digestName(algorithm.hash)
    const secret = secretOf(key)
    const salt = bytesOf(algorithm.salt)
    if (nameOf(algorithm) === 'PBKDF2')
      return memoryOf(
        Buffer.from(pbkdf2Sync(secret, salt, algorithm.iterations, length / 8, digest)),
      )
    if (nameOf(algorithm) === 'HKDF')
      return hkdfSync(digest, secret, salt, bytesOf(algorithm.info), length / 8)
    throw unsupported(`derivation by ${nameOf(algorithm)}`)
  },
}

module.exports = { subtle }
