/*
 * RSA encryption for a public key, which databases ask for when a password is sent without TLS: arithmetic of the language
 * over a bounded modulus. There are no key objects, no decryption and no signatures.
 */
const hashing = require('plutino:hashing')
const { Buffer } = require('./buffer.cjs')

const constants = {
  RSA_PKCS1_PADDING: 1,
  RSA_NO_PADDING: 3,
  RSA_PKCS1_OAEP_PADDING: 4,
}
const MAX_BITS = 8192

function refusal(text) {
  return Object.assign(new Error(text), { code: 'ERR_PLUGIN_DENIED' })
}

/** The parts of a DER value, one level deep. */
function* elements(der) {
  for (let at = 0; at < der.length; ) {
    const tag = der[at]
    let size = der[at + 1]
    at += 2
    if (size > 127) {
      const width = size & 127
      if (width > 4 || at + width > der.length) throw new Error('the key is no DER')
      size = der.readUIntBE(at, width)
      at += width
    }
    if (at + size > der.length) throw new Error('the key is no DER')
    yield { tag, body: der.subarray(at, at + size) }
    at += size
  }
}

function only(der, tag) {
  for (const element of elements(der)) if (element.tag === tag) return element.body
  throw new Error('the key is no public key of RSA')
}

const SEQUENCE = 0x30
const BITS = 0x03
const INTEGER = 0x02

function readKey(text) {
  const match = /-----BEGIN (RSA )?PUBLIC KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text)
  if (match === null) throw refusal('publicEncrypt takes a public key of RSA as PEM')
  const whole = only(Buffer.from(match[2], 'base64'), SEQUENCE)
  // PKCS #1 is the pair itself, the other form has it within bits, after one byte.
  const pair = match[1] === undefined ? only(only(whole, BITS).subarray(1), SEQUENCE) : whole
  const [modulus, exponent] = [...elements(pair)].filter(({ tag }) => tag === INTEGER)
  if (modulus === undefined || exponent === undefined) throw new Error('the key has no numbers')
  if (modulus.body.length * 8 > MAX_BITS + 8 || exponent.body.length > 8)
    throw refusal(`keys of more than ${MAX_BITS} bits are not taken`)
  return { n: numberOf(modulus.body), e: numberOf(exponent.body) }
}

function numberOf(bytes) {
  return BigInt(`0x${bytes.toString('hex') || '0'}`)
}

function power(base, exponent, modulus) {
  let result = 1n
  let factor = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % modulus
    factor = (factor * factor) % modulus
  }
  return result
}

function digestOf(algorithm, ...parts) {
  const running = hashing.hash(algorithm)
  for (const part of parts) running.update(part)
  return Buffer.from(running.digest())
}

/** MGF1: a mask as long as is wanted. */
function mask(algorithm, seed, length) {
  const parts = []
  for (let done = 0, block = 0; done < length; block++) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(block)
    const part = digestOf(algorithm, seed, number)
    parts.push(part)
    done += part.length
  }
  return Buffer.concat(parts).subarray(0, length)
}

function xored(one, other) {
  return Buffer.from(one.map((byte, i) => byte ^ other[i]))
}

function random(size) {
  return globalThis.crypto.getRandomValues(Buffer.alloc(size))
}

function oaep(data, size, algorithm, label) {
  const lead = digestOf(algorithm, label)
  const room = size - 2 * lead.length - 2
  if (data.length > room) throw new Error('data too large for key size')
  const block = Buffer.concat([lead, Buffer.alloc(room - data.length), Buffer.from([1]), data])
  const seed = random(lead.length)
  const masked = xored(block, mask(algorithm, seed, block.length))
  return Buffer.concat([
    Buffer.from([0]),
    xored(seed, mask(algorithm, masked, seed.length)),
    masked,
  ])
}

function pkcs1(data, size) {
  if (data.length > size - 11) throw new Error('data too large for key size')
  const filling = random(size - data.length - 3)
  for (let i = 0; i < filling.length; i++) while (filling[i] === 0) filling[i] = random(1)[0]
  return Buffer.concat([Buffer.from([0, 2]), filling, Buffer.from([0]), data])
}

function publicEncrypt(key, given) {
  const {
    key: text = key,
    padding = 4,
    oaepHash = 'sha1',
    oaepLabel = Buffer.alloc(0),
  } = typeof key === 'object' && !ArrayBuffer.isView(key) ? key : {}
  const { n, e } = readKey(typeof text === 'string' ? text : Buffer.from(text).toString('latin1'))
  const size = Math.ceil(n.toString(16).length / 2)
  const data = typeof given === 'string' ? Buffer.from(given) : Buffer.from(given)
  let block
  if (padding === constants.RSA_PKCS1_OAEP_PADDING) block = oaep(data, size, oaepHash, oaepLabel)
  else if (padding === constants.RSA_PKCS1_PADDING) block = pkcs1(data, size)
  else throw refusal('publicEncrypt pads by OAEP or PKCS #1')
  const encrypted = power(numberOf(block), e, n)
  return Buffer.from(encrypted.toString(16).padStart(2 * size, '0'), 'hex')
}

module.exports = { publicEncrypt, constants }
