/*
 * Keys of passwords and of other keys, as loops of JavaScript over one HMAC at a time: slower than Node's, and unlike Node's
 * they can be interrupted when they take too long.
 */
const hashing = require('plutino:hashing')
const { Buffer } = require('./buffer.cjs')

function bytesOf(data) {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)
}

function hmac(digest, key, ...parts) {
  const running = hashing.hmac(digest, key)
  for (const part of parts) running.update(part)
  return running.digest()
}

function pbkdf2Sync(password, salt, rounds, length, digest = 'sha1') {
  const key = bytesOf(password)
  const start = bytesOf(salt)
  const blocks = []
  for (let done = 0, block = 1; done < length; block++) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(block)
    let last = hmac(digest, key, start, number)
    const sum = Buffer.from(last)
    for (let round = 1; round < rounds; round++) {
      last = hmac(digest, key, last)
      for (let i = 0; i < sum.length; i++) sum[i] ^= last[i]
    }
    blocks.push(sum)
    done += sum.length
  }
  return Buffer.concat(blocks).subarray(0, length)
}

function hkdfSync(digest, key, salt, info, length) {
  const start = hmac(digest, bytesOf(salt), bytesOf(key))
  const blocks = []
  let last = Buffer.alloc(0)
  for (let done = 0, block = 1; done < length; block++) {
    last = hmac(digest, start, last, bytesOf(info), Buffer.from([block]))
    blocks.push(last)
    done += last.length
  }
  const found = new Uint8Array(length)
  found.set(Buffer.concat(blocks).subarray(0, length))
  return found.buffer
}

module.exports = { pbkdf2Sync, hkdfSync, hmac }
