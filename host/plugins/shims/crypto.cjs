/* `node:crypto` of a sandboxed plugin: hashes, HMAC, random bytes, and what is computed of them. */
const hashing = require('plutino:hashing')
const { Transform } = require('node:stream')
const { Buffer } = require('./buffer.cjs')
const { pbkdf2Sync, hkdfSync } = require('./crypto-keys.cjs')
const { publicEncrypt, constants } = require('./crypto-rsa.cjs')
const { subtle } = require('./crypto-subtle.cjs')

const { getRandomValues, randomUUID } = globalThis.crypto
const MAX_PIECE = 65_536

function bytesOf(data, encoding) {
  return typeof data === 'string' ? Buffer.from(data, encoding) : data
}

function encoded(bytes, encoding) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return encoding === undefined || encoding === 'buffer' ? buffer : buffer.toString(encoding)
}

class Hash extends Transform {
  #running

  constructor(running, options) {
    super(options)
    this.#running = running
  }

  update(data, encoding) {
    this.#running.update(bytesOf(data, encoding))
    return this
  }

  digest(encoding) {
    return encoded(this.#running.digest(), encoding)
  }

  copy() {
    return new this.constructor(this.#running.copy())
  }

  _transform(piece, encoding, done) {
    this.update(piece, encoding)
    done()
  }

  _flush(done) {
    this.push(this.digest())
    done()
  }
}

class Hmac extends Hash {}

function createHash(algorithm, options) {
  return new Hash(hashing.hash(algorithm, options), options)
}

function createHmac(algorithm, key, options) {
  return new Hmac(hashing.hmac(algorithm, bytesOf(key, options?.encoding)), options)
}

function hash(algorithm, data, options = 'hex') {
  const { outputEncoding = 'hex', outputLength } =
    typeof options === 'string' ? { outputEncoding: options } : options
  const running = hashing.hash(algorithm, { outputLength })
  running.update(bytesOf(data))
  return encoded(running.digest(), outputEncoding)
}

function fillRandom(view, offset = 0, size = view.byteLength - offset) {
  const start = (view.byteOffset ?? 0) + offset
  const bytes = new Uint8Array(view.buffer ?? view, start, size)
  for (let at = 0; at < size; at += MAX_PIECE)
    getRandomValues(bytes.subarray(at, Math.min(at + MAX_PIECE, size)))
  return view
}

function randomBytes(size, callback) {
  const bytes = fillRandom(Buffer.alloc(size))
  if (callback === undefined) return bytes
  queueMicrotask(() => callback(null, bytes))
}

function randomFill(view, ...rest) {
  const callback = rest.pop()
  fillRandom(view, ...rest)
  queueMicrotask(() => callback(null, view))
}

const WIDEST = 2 ** 48

/** Without a bias: what lies above the last whole multiple of the range is drawn again. */
function randomInt(low, high, callback) {
  const [min, max] = typeof high === 'number' ? [low, high] : [0, low]
  const done = typeof high === 'function' ? high : callback
  const range = max - min
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range <= 0 || range > WIDEST)
    throw Object.assign(new RangeError(`no range of whole numbers: ${min} to ${max}`), {
      code: 'ERR_OUT_OF_RANGE',
    })
  const limit = WIDEST - (WIDEST % range)
  let drawn = limit
  while (drawn >= limit) drawn = randomBytes(6).readUIntBE(0, 6)
  const found = min + (drawn % range)
  if (done === undefined) return found
  queueMicrotask(() => done(null, found))
}

function timingSafeEqual(one, other) {
  if (one.byteLength !== other.byteLength)
    throw Object.assign(new RangeError('Input buffers must have the same byte length'), {
      code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
    })
  let difference = 0
  for (let i = 0; i < one.byteLength; i++) difference |= one[i] ^ other[i]
  return difference === 0
}

/** Computes at once; the callback hears of it later. */
function withCallback(compute) {
  return (...args) => {
    const callback = args.pop()
    let found
    let failure = null
    try {
      found = compute(...args)
    } catch (error) {
      failure = error
    }
    queueMicrotask(() => callback(failure, found))
  }
}

module.exports = {
  Hash,
  Hmac,
  createHash,
  createHmac,
  hash,
  getHashes: () => hashing.names(),
  getCiphers: () => [],
  getCurves: () => [],
  getFips: () => 0,
  randomBytes,
  pseudoRandomBytes: randomBytes,
  randomFill,
  randomFillSync: fillRandom,
  randomInt,
  randomUUID: () => randomUUID(),
  getRandomValues: (view) => getRandomValues(view),
  timingSafeEqual,
  pbkdf2Sync,
  pbkdf2: withCallback(pbkdf2Sync),
  hkdfSync,
  hkdf: withCallback(hkdfSync),
  publicEncrypt,
  constants,
  subtle,
  webcrypto: { getRandomValues: (view) => getRandomValues(view), randomUUID, subtle },
}
