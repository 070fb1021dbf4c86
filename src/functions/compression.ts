import zlib from 'node:zlib'
import { display } from '#src/expressions/errors.ts'
import type { KnownArgument, RowDeclaration } from './declaration.ts'
import { anything, BYTEA, text } from './signature.ts'
import { largestLength, toBytes, wrong } from './values.ts'

const methods = {
  zlib: { compress: zlib.deflateSync, decompress: zlib.inflateSync },
  gzip: { compress: zlib.gzipSync, decompress: zlib.gunzipSync },
  flate: { compress: zlib.deflateRawSync, decompress: zlib.inflateRawSync },
  zstd: { compress: zlib.zstdCompressSync, decompress: zlib.zstdDecompressSync },
} as const

/** Synchronous and bounded: nothing of this waits on the process's shared threads. */
export const compressionFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'hash',
    name: 'compress',
    parameters: [anything('value'), text('method')],
    returns: BYTEA,
    guard: 'null',
    doc: 'The text or bytes compressed: zlib, gzip, flate or zstd.',
    examples: [
      {
        sql: "cast(decompress(compress(s, 'gzip'), 'gzip'), 'string')",
        row: { s: 'hello' },
        gives: 'hello',
      },
    ],
    check: checkMethod,
    make: () => (value: unknown, method: unknown) =>
      plain(methodOf(method).compress(toBytes(value))),
  },
  {
    kind: 'row',
    family: 'hash',
    name: 'decompress',
    parameters: [anything('value'), text('method')],
    returns: BYTEA,
    guard: 'null',
    doc: 'What bytes were before they were compressed: zlib, gzip, flate or zstd.',
    examples: [
      {
        sql: "cast(decompress(decode(s, 'base64'), 'zlib'), 'string')",
        row: { s: 'eJzLSM3JyQcABiwCFQ==' },
        gives: 'hello',
      },
    ],
    check: checkMethod,
    make: () => (value: unknown, method: unknown) => {
      const { decompress } = methodOf(method)
      return plain(decompress(toBytes(value), { maxOutputLength: largestLength }))
    },
  },
]

function checkMethod([, method]: readonly KnownArgument[]): void {
  if (typeof method?.literal === 'string') methodOf(method.literal)
}

function methodOf(name: unknown) {
  if (name === 'zlib' || name === 'gzip' || name === 'flate' || name === 'zstd')
    return methods[name]
  throw wrong(`unsupported compression ${display(name)}; it is zlib, gzip, flate or zstd`)
}

/** Bytes of their own, not a view of a pool. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
