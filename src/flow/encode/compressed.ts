import type { Buffer } from 'node:buffer'
import zlib from 'node:zlib'
import type { CompressionOptions } from '#src/plan/payload-options.ts'
import { mapPayloads } from '../map-payloads.ts'
import type { Chunk } from './chunk-writer.ts'

/** A chunk whose payloads are compressed, each on its own; headers and notes stay. */
export function compressed(chunk: Chunk, options: CompressionOptions): Chunk {
  return mapPayloads(chunk, (payload) => packed(payload, options))
}

function packed(payload: Buffer, { algorithm, level }: CompressionOptions): Uint8Array {
  const options = level === undefined ? {} : { level }
  switch (algorithm) {
    case 'gzip':
      return zlib.gzipSync(payload, options)
    case 'zlib':
      return zlib.deflateSync(payload, options)
    case 'flate':
      return zlib.deflateRawSync(payload, options)
    case 'zstd': {
      const key = zlib.constants.ZSTD_c_compressionLevel
      return zlib.zstdCompressSync(payload, level === undefined ? {} : { params: { [key]: level } })
    }
    default:
      return algorithm satisfies never
  }
}
