import { once } from 'node:events'
import { createRequire } from 'node:module'
import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import {
  type Batch,
  type ObjectBody,
  type ObjectSourceError,
  sourceConfig,
  type Transformer,
} from '@plutino/sdk/object-source'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { snappyCompress } from 'hyparquet-writer/src/snappy.js'

const avsc = createRequire(import.meta.url)('avsc') as typeof import('avsc')

export const peopleSchema = {
  type: 'record',
  name: 'Person',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'friend', type: ['null', 'Person'] },
  ],
} as const

export interface Person {
  readonly id: number
  readonly name: string
  readonly tags: readonly string[]
  readonly friend: Person | null
}

export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    name: `name${id}`,
    tags: id % 3 === 0 ? ['a', 'ü'] : [],
    friend: id % 5 === 0 ? { id: -id - 1, name: 'x', tags: [], friend: null } : null,
  }))
}

export type AvroCodec = 'null' | 'deflate' | 'snappy' | 'zstandard'

/** An object container file by the library. @param blockSize in bytes, before compression */
export async function avroFile(
  values: readonly unknown[],
  schema: unknown = peopleSchema,
  codec: AvroCodec = 'null',
  blockSize = 65_536,
): Promise<Uint8Array> {
  type Done = (error: Error | null, bytes?: Buffer) => void
  const codecs = {
    null: (bytes: Buffer, done: Done) => done(null, bytes),
    deflate: (bytes: Buffer, done: Done) => done(null, deflateRawSync(bytes)),
    zstandard: (bytes: Buffer, done: Done) => done(null, zstdCompressSync(bytes)),
    snappy: (bytes: Buffer, done: Done) =>
      done(null, Buffer.concat([snappy(bytes), Buffer.from([1, 2, 3, 4])])),
  }
  const type = avsc.Type.forSchema(schema as never)
  const encoder = new avsc.streams.BlockEncoder(type, { codec, codecs, blockSize } as never)
  const parts: Buffer[] = []
  encoder.on('data', (part: Buffer) => parts.push(part))
  for (const value of values) encoder.write(value)
  encoder.end()
  await once(encoder, 'end')
  return new Uint8Array(Buffer.concat(parts))
}

/** A block by the writer of parquet files. */
export function snappy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(snappyCompress(bytes))
}

export function parquetFile(rows: number, rowGroupSize = 1000): Uint8Array {
  const ids = Array.from({ length: rows }, (_, i) => i)
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: ids.map((i) => BigInt(i)), type: 'INT64' },
      { name: 'name', data: ids.map((i) => `name${i}`), type: 'STRING' },
    ],
    rowGroupSize,
  })
  return new Uint8Array(buffer)
}

export interface TestBody extends ObjectBody {
  closed: number
  reads: [number, number][]
}

/** Bytes in chunks; `failAt` breaks the stream before that byte. */
export function bodyOf(
  bytes: Uint8Array,
  chunkBytes = 50,
  failAt = Number.POSITIVE_INFINITY,
  ranges = false,
): TestBody {
  const body: TestBody = {
    length: bytes.length,
    closed: 0,
    reads: [],
    async *open() {
      try {
        for (let at = 0; at < bytes.length; at += chunkBytes) {
          if (at >= failAt) throw new Error('connection lost')
          yield bytes.slice(at, at + chunkBytes)
        }
      } finally {
        body.closed++
      }
    },
  }
  if (!ranges) return body
  return Object.assign(body, {
    read: async (start: number, end: number) => {
      body.reads.push([start, end])
      return bytes.slice(start, end)
    },
  })
}

export const text = (content: string) => new TextEncoder().encode(content)

/** All values of a body, and the errors that were told. */
export async function readAll(
  transformer: Transformer,
  body: ObjectBody,
  props: Readonly<Record<string, unknown>> = {},
  skip = 0,
) {
  const values: unknown[] = []
  const errors: ObjectSourceError[] = []
  const records = transformer.getRecords(body, { storageKey: 'k' }, sourceConfig(props), skip, {
    onError: (error) => void errors.push(error),
  })
  for await (const { value } of records) values.push(value)
  return { values, errors }
}

export type { Batch }
