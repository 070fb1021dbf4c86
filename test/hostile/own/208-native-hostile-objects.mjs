// @title hashes, compression and Buffer with hostile objects: own lengths, detached memory, changing getters, proxies
// @class native
import crypto from 'node:crypto'
import zlib from 'node:zlib'

const hostile = () => {
  const withLength = Buffer.alloc(8)
  try {
    Object.defineProperty(withLength, 'length', { value: 2 ** 40 })
    Object.defineProperty(withLength, 'byteLength', { value: -1 })
  } catch {}
  const detached = new Uint8Array(64)
  structuredClone(1)
  try {
    detached.buffer.transfer()
  } catch {}
  const resizable = new ArrayBuffer(64, { maxByteLength: 4096 })
  const view = new Uint8Array(resizable)
  let turns = 0
  return [
    withLength,
    detached,
    view,
    new DataView(resizable, 60, 4),
    new Proxy(Buffer.alloc(4), {}),
    new Proxy({}, { get: () => 2 ** 31, has: () => true, ownKeys: () => ['length'] }),
    Object.create(Buffer.prototype),
    Object.create(Uint8Array.prototype),
    { length: { valueOf: () => turns++ } },
    { [Symbol.toPrimitive]: () => resizable.resize(turns++ % 4096) },
    Symbol('x'),
    2n ** 70n,
    -1,
    NaN,
    2 ** 53,
    null,
    undefined,
    () => {},
    class extends Uint8Array {},
    'utf-16',
    '',
    new (class extends Uint8Array {
      get length() {
        resizable.resize(turns++ % 64)
        return 1e9
      }
    })(4),
  ]
}
export default async () => {
  const all = hostile()
  let [calls, thrown] = [0, 0]
  const attempt = (run) => {
    calls++
    try {
      run()
    } catch {
      thrown++
    }
  }
  const hash = () => crypto.createHash('sha256')
  for (const a of all) {
    for (const b of all) {
      attempt(() => crypto.createHash(a, b))
      attempt(() => crypto.createHmac(a, b))
      attempt(() => crypto.createHmac('sha1', a).update(b).digest(a))
      attempt(() => hash().update(a, b).copy(b).digest(b))
      attempt(() => crypto.hash?.(a, b))
      attempt(() => crypto.randomFillSync(a, b))
      attempt(() => crypto.timingSafeEqual(a, b))
      attempt(() => crypto.getRandomValues(a))
      for (const name of [
        'deflateSync',
        'inflateSync',
        'gunzipSync',
        'brotliCompressSync',
        'brotliDecompressSync',
        'zstdCompressSync',
        'zstdDecompressSync',
        'crc32',
      ]) {
        attempt(() => zlib[name](a, b))
        attempt(() =>
          zlib[name](Buffer.from('abc'), {
            level: a,
            windowBits: b,
            memLevel: a,
            dictionary: b,
            params: { 100: a, 1: b },
            chunkSize: a,
            maxOutputLength: b,
            info: true,
          }),
        )
      }
      for (const name of ['from', 'alloc', 'concat', 'compare', 'byteLength', 'copyBytesFrom'])
        attempt(() => Buffer[name](a, b, a))
      for (const name of [
        'fill',
        'indexOf',
        'lastIndexOf',
        'copy',
        'write',
        'toString',
        'equals',
        'subarray',
        'readUIntBE',
        'writeUIntLE',
        'swap16',
        'utf8Write',
        'latin1Slice',
      ])
        attempt(() => Buffer.prototype[name]?.call(a, b, a, b, a))
      attempt(() => new TextDecoder(a, b).decode(a, b))
      attempt(() => new TextEncoder().encodeInto(a, b))
      attempt(() => new URL(a, b))
    }
  }
  return { calls, thrown }
}
