/*
 * `node:zlib` of a sandboxed plugin: whole pieces, computed at once in this thread. The streams gather what is written and
 * compute it at their end.
 */
const { constants, run, crc32 } = require('plutino:compression')
const { Transform } = require('node:stream')
const { Buffer } = require('./buffer.cjs')

const MAX_BYTES = 64 * 2 ** 20

/** The names of classes and functions by the name of what they do. */
const classes = {
  deflate: 'Deflate',
  inflate: 'Inflate',
  gzip: 'Gzip',
  gunzip: 'Gunzip',
  unzip: 'Unzip',
  deflateRaw: 'DeflateRaw',
  inflateRaw: 'InflateRaw',
  brotliCompress: 'BrotliCompress',
  brotliDecompress: 'BrotliDecompress',
  zstdCompress: 'ZstdCompress',
  zstdDecompress: 'ZstdDecompress',
}

function compute(kind, data, options) {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const found = run(kind, bytes, options)
  return Buffer.from(found.buffer, found.byteOffset, found.byteLength)
}

/** Gathers, and computes at the end or when it is flushed. */
class Zlib extends Transform {
  #kind
  #options
  #parts = []
  #size = 0
  bytesWritten = 0

  constructor(kind, options = {}) {
    const { params, dictionary, level, windowBits, memLevel, strategy, finishFlush, ...rest } =
      options
    super({ ...rest, objectMode: false })
    this.#kind = kind
    this.#options = { params, dictionary, level, windowBits, memLevel, strategy, finishFlush }
  }

  _transform(piece, encoding, done) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, encoding) : piece
    this.#size += bytes.length
    this.bytesWritten = this.#size
    if (this.#size > MAX_BYTES) {
      const error = new RangeError(`a stream of more than ${MAX_BYTES} bytes is over the limit`)
      done(Object.assign(error, { code: 'ERR_BUFFER_TOO_LARGE' }))
      return
    }
    this.#parts.push(bytes)
    done()
  }

  _flush(done) {
    try {
      const found =
        this.#size === 0 && /inflate|unzip|gunzip|decompress/i.test(this.#kind)
          ? Buffer.alloc(0)
          : compute(this.#kind, Buffer.concat(this.#parts), this.#options)
      this.#parts = []
      if (found.length > 0) this.push(found)
      done()
    } catch (error) {
      done(error)
    }
  }

  flush(_kind, callback = _kind) {
    if (typeof callback === 'function') queueMicrotask(callback)
  }

  params(level, strategy, callback) {
    this.#options = { ...this.#options, level, strategy }
    queueMicrotask(callback)
  }

  reset() {
    this.#parts = []
    this.#size = 0
  }

  close(callback) {
    if (typeof callback === 'function') this.once('close', callback)
    this.destroy()
  }
}

function checksum(data, start) {
  return crc32(typeof data === 'string' ? Buffer.from(data) : data, start)
}

module.exports = { constants, codes: constants, crc32: checksum, ...constants }

for (const [kind, name] of Object.entries(classes)) {
  // An own class of each name; packages ask with instanceof, and call it without new.
  const Made = class extends Zlib {
    constructor(options) {
      super(kind, options)
    }
  }
  Object.defineProperty(Made, 'name', { value: name })
  module.exports[name] = Made
  module.exports[`create${name}`] = (options) => new Made(options)
  module.exports[`${kind}Sync`] = (data, options) => compute(kind, data, options)
  module.exports[kind] = (data, options, callback) => {
    const done = typeof options === 'function' ? options : callback
    let found
    let failure = null
    try {
      found = compute(kind, data, typeof options === 'function' ? undefined : options)
    } catch (error) {
      failure = error
    }
    queueMicrotask(() => done(failure, found))
  }
}
