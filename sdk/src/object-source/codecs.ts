import { ObjectSourceError } from './errors.ts'
import type { CompressionType } from './source-config.ts'
import type { ObjectBody } from './transformer.ts'

type StreamCodec = (stream: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
type BlockCodec = (bytes: Uint8Array) => Uint8Array

/** How compressed bytes are read; given in, so that whoever needs none carries none. */
export interface Codecs {
  /** For `file.compression.type`. */
  readonly streams: Readonly<Record<Exclude<CompressionType, 'none'>, StreamCodec>>
  /** For the blocks of avro files. */
  readonly blocks: Readonly<Record<'deflate' | 'snappy' | 'zstandard', BlockCodec>>
}

/** The same object with its stream decompressed; there are no ranges in it then. */
export function decompressed(
  body: ObjectBody,
  compression: CompressionType,
  codecs: Codecs | undefined,
): ObjectBody {
  if (compression === 'none') return body
  const codec = codecsFor(codecs, compression).streams[compression]
  return { length: body.length, open: async (signal) => codec(await body.open(signal)) }
}

/** @throws ObjectSourceError `configuration` saying where codecs are */
export function codecsFor(codecs: Codecs | undefined, what: string): Codecs {
  if (codecs !== undefined) return codecs
  throw new ObjectSourceError(
    'configuration',
    `${what} needs codecs; hand over pureCodecs of "@plutino/sdk/object-source/compression"`,
  )
}
