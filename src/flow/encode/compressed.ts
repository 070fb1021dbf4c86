import { Buffer } from 'node:buffer'
import zlib from 'node:zlib'
import type { CompressionOptions } from '#src/plan/payload-options.ts'
import { payloadStart } from '../frame.ts'
import type { Chunk } from './chunk-writer.ts'

/** A chunk whose payloads are compressed, each on its own; headers and notes stay. */
export function compressed({ buffer, count }: Chunk, options: CompressionOptions): Chunk {
  const view = new DataView(buffer)
  const parts: Uint8Array[] = []
  let total = 0
  for (let i = 0, at = 0; i < count; i++) {
    const start = payloadStart(view, at)
    const end = start + view.getUint32(at, true)
    const head = new Uint8Array(buffer.slice(at, start))
    const payload = packed(Buffer.from(buffer, start, end - start), options)
    new DataView(head.buffer).setUint32(0, payload.length, true)
    parts.push(head, payload)
    total += head.length + payload.length
    at = end
  }
  const out = new ArrayBuffer(total)
  const bytes = new Uint8Array(out)
  let used = 0
  for (const part of parts) {
    bytes.set(part, used)
    used += part.length
  }
  return { buffer: out, count }
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
