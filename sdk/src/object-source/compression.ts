import { Gunzip, inflateSync } from 'fflate'
import { decompress as decompressZstd, Decompress as ZstdStream } from 'fzstd'
import type { Codecs } from './codecs.ts'
import { ObjectSourceError, textOf } from './errors.ts'
import { joined } from './lines.ts'
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

/** Of a member: ten bytes of header, two of data at the least, eight behind it. */
const SHORTEST_GZIP = 20

/** The length that stands at the very end has to be that of the last member: so nothing is cut off unnoticed. */
function gunzipper(take: (bytes: Uint8Array) => void): Push {
  let size = 0
  let taken = 0
  let tail: Uint8Array = new Uint8Array(0)
  const reader = new Gunzip((bytes) => {
    size += bytes.length
    take(bytes)
  })
  reader.onmember = () => {
    size = 0
  }
  return (chunk, isLast) => {
    taken += chunk.length
    tail = joined([tail, chunk]).slice(-4)
    reader.push(chunk, isLast)
    if (!isLast || taken === 0) return
    const length = new DataView(tail.buffer).getUint32(0, true)
    if (taken < SHORTEST_GZIP || length !== size % 2 ** 32) throw new Error('unexpected end')
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
