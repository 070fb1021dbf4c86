import { Gunzip, inflateSync } from 'fflate'
import { decompress as decompressZstd, Decompress as ZstdStream } from 'fzstd'
import type { Codecs } from './codecs.ts'
import { ObjectSourceError, textOf } from './errors.ts'
import { unsnappy, unsnappyStream } from './snappy.ts'

/**
 * Decompression in plain JavaScript, which runs in a sandbox as well. Outside of one, `node:zlib` is several times as
 * fast: hand over codecs of its own making instead.
 */
export const pureCodecs: Codecs = {
  streams: {
    gzip: (stream) => pumped(stream, gunzipper),
    zstd: (stream) => pumped(stream, zstdReader),
    snappy: unsnappyStream,
  },
  blocks: {
    deflate: (bytes) => inflateSync(bytes),
    snappy: unsnappy,
    zstandard: (bytes) => decompressZstd(bytes),
  },
}

type Push = (chunk: Uint8Array, isLast: boolean) => void
type MakePush = (take: (bytes: Uint8Array) => void) => Push

function gunzipper(take: (bytes: Uint8Array) => void): Push {
  let ended = true
  const reader = new Gunzip((bytes, isLast) => {
    ended = isLast === true
    take(bytes)
  })
  return (chunk, isLast) => {
    if (chunk.length > 0) ended = false
    reader.push(chunk, isLast)
    if (isLast && !ended) throw new Error('unexpected end')
  }
}

function zstdReader(take: (bytes: Uint8Array) => void): Push {
  const reader = new ZstdStream((bytes) => take(bytes))
  return (chunk, isLast) => reader.push(chunk, isLast)
}

/** A bomb is fed in pieces, so that what comes of one push stays small. */
const PIECE_BYTES = 16_384

async function* pumped(
  stream: AsyncIterable<Uint8Array>,
  make: MakePush,
): AsyncGenerator<Uint8Array, void, undefined> {
  let ready: Uint8Array[] = []
  const push = make((bytes) => {
    if (bytes.length > 0) ready.push(bytes)
  })
  const step = (chunk: Uint8Array, isLast: boolean): Uint8Array[] => {
    ready = []
    try {
      push(chunk, isLast)
    } catch (error) {
      throw new ObjectSourceError('broken-object', `decompressing: ${textOf(error)}`, {
        cause: error,
      })
    }
    return ready
  }
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      yield* step(chunk.slice(at, at + PIECE_BYTES), false)
    }
  }
  yield* step(new Uint8Array(0), true)
}
