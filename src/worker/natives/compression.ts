import zlib from 'node:zlib'
import { guarded } from '#src/sandbox/plain-error.ts'
import { bytesOf } from '#src/sandbox/wrap-text.ts'
import { integerIn, option } from './fault.ts'

const Bytes = Uint8Array
/** Above this, the slowest levels would keep the thread in one native call for seconds. */
const LARGE_BYTES = 256 * 1024
const LARGE_BROTLI_QUALITY = 9
const LARGE_ZSTD_LEVEL = 12

type Options = Record<string, unknown>
type Run = (bytes: Uint8Array, options: object) => Uint8Array
type Read = (options: unknown, size: number) => Options

const { constants } = zlib

const kinds: ReadonlyMap<string, { readonly run: Run; readonly read: Read }> = new Map([
  ['deflate', { run: zlib.deflateSync, read: readDeflate }],
  ['inflate', { run: zlib.inflateSync, read: readDeflate }],
  ['gzip', { run: zlib.gzipSync, read: readDeflate }],
  ['gunzip', { run: zlib.gunzipSync, read: readDeflate }],
  ['unzip', { run: zlib.unzipSync, read: readDeflate }],
  ['deflateRaw', { run: zlib.deflateRawSync, read: readDeflate }],
  ['inflateRaw', { run: zlib.inflateRawSync, read: readDeflate }],
  ['brotliCompress', { run: zlib.brotliCompressSync, read: readBrotli }],
  ['brotliDecompress', { run: zlib.brotliDecompressSync, read: () => ({}) }],
  ['zstdCompress', { run: zlib.zstdCompressSync, read: readZstd }],
  ['zstdDecompress', { run: zlib.zstdDecompressSync, read: () => ({}) }],
])

const crcOf = zlib.crc32

/**
 * `plutino:compression`, on which what stands for `zlib` is built: whole pieces, at once, in this thread. What comes out is at
 * most `maxBytes`; streams and objects of Node's there are none.
 */
export function compressionModule(maxBytes: number): object {
  return {
    constants: numbersOf(constants),
    run(kind: unknown, bytes: unknown, options: unknown): Uint8Array {
      const found = kinds.get(String(kind))
      if (found === undefined) throw new TypeError(`there is no compression "${String(kind)}"`)
      const plain = bytesOf(bytes)
      const most = option(options, 'maxOutputLength')
      const maxOutputLength =
        most === undefined
          ? maxBytes
          : Math.min(maxBytes, integerIn(most, 'maxOutputLength', 1, 2 ** 53 - 1))
      const read = { ...found.read(options, plain.length), maxOutputLength }
      // A copy: small results of Node's lie in memory that it shares.
      return guarded(() => new Bytes(found.run(plain, read)))
    },
    crc32(bytes: unknown, start: unknown): number {
      const plain = bytesOf(bytes)
      const from = start === undefined ? 0 : integerIn(start, 'value', 0, 2 ** 32 - 1)
      return guarded(() => crcOf(plain, from))
    },
  }
}

function numbersOf(from: object): Record<string, number> {
  const found: Record<string, number> = {}
  for (const [name, value] of Object.entries(from)) {
    if (typeof value === 'number') found[name] = value
  }
  return found
}

const deflateRanges: readonly (readonly [string, number, number])[] = [
  ['level', -1, 9],
  ['windowBits', 8, 15],
  ['memLevel', 1, 9],
  ['strategy', 0, 4],
  ['flush', 0, 5],
  ['finishFlush', 0, 5],
]

function readDeflate(options: unknown): Options {
  const read: Options = {}
  for (const [name, low, high] of deflateRanges) {
    const value = option(options, name)
    // What reads finds the window's size in what it reads: 0 says so.
    if (value === undefined || (name === 'windowBits' && value === 0)) continue
    read[name] = integerIn(value, name, low, high)
  }
  const dictionary = option(options, 'dictionary')
  if (dictionary !== undefined) read.dictionary = bytesOf(dictionary)
  return read
}

function readBrotli(options: unknown, size: number): Options {
  const params = option(options, 'params')
  const {
    BROTLI_PARAM_MODE: MODE,
    BROTLI_PARAM_QUALITY: QUALITY,
    BROTLI_PARAM_LGWIN: WINDOW,
  } = constants
  const most = size > LARGE_BYTES ? LARGE_BROTLI_QUALITY : 11
  const quality = numberOr(option(params, `${QUALITY}`), 'quality', 0, 11, 11)
  const read: Options = { [QUALITY]: Math.min(quality, most) }
  read[MODE] = numberOr(option(params, `${MODE}`), 'mode', 0, 2, 0)
  read[WINDOW] = numberOr(option(params, `${WINDOW}`), 'lgwin', 10, 24, 22)
  return { params: read }
}

function readZstd(options: unknown, size: number): Options {
  const { ZSTD_c_compressionLevel: LEVEL, ZSTD_c_checksumFlag: CHECKSUM } = constants
  const params = option(options, 'params')
  const most = size > LARGE_BYTES ? LARGE_ZSTD_LEVEL : 22
  const level = numberOr(option(params, `${LEVEL}`), 'level', -7, 22, 3)
  const checksum = numberOr(option(params, `${CHECKSUM}`), 'checksumFlag', 0, 1, 0)
  return { params: { [LEVEL]: Math.min(level, most), [CHECKSUM]: checksum } }
}

function numberOr(value: unknown, name: string, low: number, high: number, other: number): number {
  return value === undefined ? other : integerIn(value, name, low, high)
}
