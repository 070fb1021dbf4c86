import { AvroTap } from './avro-datum.ts'
import { compileAvro, type ReadDatum } from './avro-schema.ts'
import { ByteReader } from './byte-reader.ts'
import { type Codecs, codecsFor } from './codecs.ts'
import { textOf } from './errors.ts'
import type { ObjectContext } from './object-context.ts'
import { type Batch, brokenObject, Transformer, type TransformInput } from './transformer.ts'

const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1)
const SYNC_BYTES = 16
/** Of a number in the frame of a block. */
const MAX_VARINT = 10
/** Records without fields take no bytes; more of them in a block than this are not believed. */
const EMPTY_RECORDS = 65_536
const headerSchema = { type: 'map', values: 'bytes' }

/**
 * Object container files: the header, then blocks of a count, a size, the data and the sync mark. Blocks that are left
 * out are not even decompressed. A file that is cut off is an error, wherever it is cut.
 */
export class AvroTransformer extends Transformer {
  readonly format = 'avro'
  readonly #codecs: Codecs | undefined

  /** @param codecs for files whose blocks are compressed */
  constructor(codecs?: Codecs) {
    super()
    this.#codecs = codecs
  }

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, signal } = input
    const reader = new ByteReader(await body.open(signal))
    try {
      if (!(await reader.has(1))) return
      const header = await this.#header(reader, context, config.maxRecordBytes)
      const tap = new AvroTap(config.longs)
      let left = skip
      while (await reader.has(1)) {
        const count = await frameNumber(reader, context)
        const size = await frameNumber(reader, context)
        if (count > size + EMPTY_RECORDS) throw brokenObject(context, `a block of ${count} records`)
        if (left >= count) {
          left -= count
          if (!(await reader.skip(size))) throw brokenObject(context, 'cut off within a block')
        } else {
          if (size > config.maxRecordBytes) {
            throw brokenObject(context, `a block of ${size} bytes, more than max.record.bytes`)
          }
          if (!(await reader.has(size + SYNC_BYTES))) {
            throw brokenObject(context, 'cut off within a block')
          }
          tap.load(unpacked(header, reader.take(size), context))
          yield* datums(tap, header, count, left, context)
          left = 0
        }
        await checkSync(reader, header.sync, context)
      }
    } finally {
      await reader.close()
    }
  }

  async #header(reader: ByteReader, context: ObjectContext, maxBytes: number): Promise<Header> {
    if (!(await reader.has(4)) || MAGIC.some((byte, i) => reader.peek()[i] !== byte)) {
      throw brokenObject(context, 'no avro file')
    }
    reader.take(4)
    const tap = new AvroTap('number')
    const readMap = compileAvro(headerSchema)
    for (let wanted = 1024; ; wanted *= 2) {
      const isWhole = !(await reader.has(wanted))
      const attempt = readHeader(tap, readMap, reader.peek())
      if (attempt !== undefined) {
        reader.take(attempt.bytes)
        return headerOf(attempt.map, attempt.sync, context, this.#codecs)
      }
      if (isWhole || wanted > maxBytes)
        throw brokenObject(context, 'the header of the file is broken')
    }
  }
}

interface Header {
  readonly schema: unknown
  readonly read: ReadDatum
  readonly sync: Uint8Array
  readonly unpack: (bytes: Uint8Array) => Uint8Array
}

/** @returns `undefined` when more bytes are wanted */
function readHeader(tap: AvroTap, readMap: ReadDatum, bytes: Uint8Array) {
  tap.load(bytes)
  try {
    const map = readMap(tap) as Readonly<Record<string, Uint8Array>>
    const sync = tap.fixed(SYNC_BYTES)
    return { map, sync, bytes: tap.place }
  } catch {
    return undefined
  }
}

function headerOf(
  map: Readonly<Record<string, Uint8Array>>,
  sync: Uint8Array,
  context: ObjectContext,
  codecs: Codecs | undefined,
): Header {
  const decoder = new TextDecoder()
  const codec = map['avro.codec'] === undefined ? 'null' : decoder.decode(map['avro.codec'])
  try {
    const schema: unknown = JSON.parse(decoder.decode(map['avro.schema']))
    return { schema, read: compileAvro(schema), sync, unpack: unpacker(codec, codecs) }
  } catch (error) {
    throw brokenObject(context, `the header of the file: ${textOf(error)}`, error)
  }
}

function unpacker(codec: string, codecs: Codecs | undefined): Header['unpack'] {
  if (codec === 'null') return (bytes) => bytes
  const { blocks } = codecsFor(codecs, `avro codec "${codec}"`)
  switch (codec) {
    case 'deflate':
    case 'zstandard':
      return blocks[codec]
    case 'snappy':
      // Four bytes of CRC stand behind the block.
      return (bytes) => blocks.snappy(bytes.subarray(0, -4))
    default:
      throw new TypeError(`codec "${codec}" is not known`)
  }
}

function unpacked({ unpack }: Header, bytes: Uint8Array, context: ObjectContext): Uint8Array {
  try {
    return unpack(bytes)
  } catch (error) {
    throw brokenObject(context, `decompressing a block: ${textOf(error)}`, error)
  }
}

/** So many records at once at the most: a block may have a million. */
const BATCH = 1024

function* datums(
  tap: AvroTap,
  { read, schema }: Header,
  count: number,
  skip: number,
  context: ObjectContext,
): Generator<Batch, void, undefined> {
  let values: unknown[] = []
  let from = tap.place
  for (let i = 0; i < count; i++) {
    let problem: unknown
    try {
      const value = read(tap)
      if (tap.isBeyond) problem = 'it ends within a record'
      else if (i >= skip) values.push(value)
    } catch (error) {
      problem = error
    }
    if (
      values.length === BATCH ||
      ((i === count - 1 || problem !== undefined) && values.length > 0)
    ) {
      yield { schema, values, bytes: (tap.place - from) * 3 }
      values = []
      from = tap.place
    }
    if (problem !== undefined) {
      throw brokenObject(context, `record ${i + 1} of a block: ${textOf(problem)}`, problem)
    }
  }
  if (!tap.isAtEnd) throw brokenObject(context, 'a block is longer than its records')
}

/** A count or a size, of which neither can be negative. */
async function frameNumber(reader: ByteReader, context: ObjectContext): Promise<number> {
  await reader.has(MAX_VARINT)
  const bytes = reader.peek()
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[i]
    if (byte === undefined) break
    value += (byte & 127) * 2 ** (7 * i)
    if (byte >= 128) continue
    if (value % 2 !== 0) break
    reader.take(i + 1)
    return value / 2
  }
  throw brokenObject(context, 'the frame of a block is broken or cut off')
}

async function checkSync(
  reader: ByteReader,
  sync: Uint8Array,
  context: ObjectContext,
): Promise<void> {
  if (!(await reader.has(SYNC_BYTES))) throw brokenObject(context, 'cut off within a block')
  const found = reader.take(SYNC_BYTES)
  if (sync.some((byte, i) => found[i] !== byte)) {
    throw brokenObject(context, 'a block does not end with the mark of its file')
  }
}
