import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import {
  AvroTransformer,
  BytesTransformer,
  CsvTransformer,
  JsonArrayTransformer,
  JsonLinesTransformer,
  sourceConfig,
  type Transformer,
} from '@plutino/sdk/object-source'
import { pureCodecs } from '@plutino/sdk/object-source/compression'
import { ParquetTransformer } from '@plutino/sdk/object-source/parquet'
import test from 'ava'
import { decompressed } from '../../../sdk/src/object-source/codecs.ts'
import {
  type AvroCodec,
  avroFile,
  bodyOf,
  parquetFile,
  people,
  readAll,
  snappy,
  text,
} from './formats.ts'

const avro = new AvroTransformer(pureCodecs)
const bytes = new BytesTransformer()
const jsonl = new JsonLinesTransformer()
const json = new JsonArrayTransformer()
const csv = new CsvTransformer()
const parquet = new ParquetTransformer()
const size = 'transformer.max.buffer.size'
const hundredLines = text(Array.from({ length: 100 }, (_, id) => `{"id":${id}}\n`).join(''))
const ids = (values: readonly unknown[]) =>
  values.map((value) => Number((value as { id: number }).id))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Without onError: logs and ends quietly. */
async function quietly(transformer: Transformer, body = bodyOf(text('invalid-json'))) {
  const values: unknown[] = []
  const logged: string[] = []
  for await (const { value } of transformer.getRecords(
    body,
    { storageKey: 'k' },
    sourceConfig({}),
    0,
    {
      log: (line) => logged.push(line),
    },
  ))
    values.push(value)
  return { values, logged }
}

for (const [id, transformer] of [
  ['J68', avro],
  ['J76', jsonl],
  ['J82', parquet],
] as const) {
  test(`${id}: garbage as ${transformer.format} gives no records and throws nothing, but a line in the log`, async (t) => {
    const { values, logged } = await quietly(transformer)
    t.deepEqual([values, logged.length], [[], 1])
  })
}

test('J69, J70: avro 25 records come in order; skip 5 gives 5..19 of 20, skip 25 none', async (t) => {
  t.deepEqual((await readAll(avro, bodyOf(await avroFile(people(25))))).values, people(25))
  const twenty = await avroFile(people(20))
  t.deepEqual(ids((await readAll(avro, bodyOf(twenty), {}, 5)).values), range(5, 20))
  t.deepEqual(await readAll(avro, bodyOf(twenty), {}, 25), { values: [], errors: [] })
})

test('J71, J72: 5 bytes under a limit of 4096 are one record, no bytes are none', async (t) => {
  t.deepEqual((await readAll(bytes, bodyOf(text('hello')))).values, [text('hello')])
  t.deepEqual((await readAll(bytes, bodyOf(text('')))).values, [])
})

test('J73: 10 bytes by limits of 1 to 12', async (t) => {
  const counts: number[] = []
  for (let limit = 1; limit <= 12; limit++) {
    const { values } = await readAll(bytes, bodyOf(text('0123456789'), 3), { [size]: limit })
    counts.push(values.length)
    t.is(Buffer.concat(values as Uint8Array[]).toString(), '0123456789')
  }
  t.deepEqual(counts, [10, 5, 4, 3, 2, 2, 2, 2, 2, 1, 1, 1])
})

test('J74, J75: jsonl 100 lines come in order, skip 25 gives 25..99', async (t) => {
  t.deepEqual(ids((await readAll(jsonl, bodyOf(hundredLines))).values), range(0, 100))
  t.deepEqual(ids((await readAll(jsonl, bodyOf(hundredLines), {}, 25)).values), range(25, 100))
})

for (const transformer of [avro, bytes, jsonl, json, csv, parquet]) {
  test(`J77, J78: ${transformer.format}: failing to open or to read gives none, and the stream is closed`, async (t) => {
    const failing = { length: 5, open: () => Promise.reject(new Error('no')) }
    t.deepEqual((await quietly(transformer, failing as never)).values, [])
    const broken = bodyOf(text('x'.repeat(10)), 10, 0)
    t.deepEqual((await quietly(transformer, broken)).values, [])
    t.is(broken.closed, 1)
  })
}

for (const [format, count] of [
  ['avro', 100],
  ['bytes', 1],
  ['jsonl', 100],
  ['parquet', 100],
] as const) {
  test(`J79, E39: ${format}: read to the end gives ${count}, and the stream is closed; also after one record`, async (t) => {
    const transformer = { avro, bytes, jsonl, parquet }[format]
    const content = {
      avro: await avroFile(people(100)),
      bytes: text('0123456789'),
      jsonl: hundredLines,
      parquet: parquetFile(100),
    }[format]
    const body = bodyOf(content)
    t.is((await readAll(transformer, body)).values.length, count)
    t.is(body.closed, 1)
    const early = bodyOf(content)
    for await (const _ of transformer.getRecords(early, { storageKey: 'k' }, sourceConfig({}), 0))
      break
    t.is(early.closed, 1)
  })
}

test('J80, J81: parquet of 0 bytes gives none, 100 rows name0..name99, skip 25 name25..name99', async (t) => {
  t.deepEqual((await readAll(parquet, bodyOf(text('')))).values, [])
  const file = parquetFile(100)
  t.deepEqual(
    (await readAll(parquet, bodyOf(file))).values,
    range(0, 100).map((id) => ({ id, name: `name${id}` })),
  )
  t.deepEqual(ids((await readAll(parquet, bodyOf(file), {}, 25)).values), range(25, 100))
})

test('J83, J84: a range that cannot be read gives none, and nothing is left in the temporary folder', async (t) => {
  const before = await readdir(tmpdir())
  const body = { ...bodyOf(parquetFile(10)), read: () => Promise.reject(new Error('range')) }
  const { values, errors } = await readAll(parquet, body)
  t.deepEqual([values, errors.map(({ message }) => message)], [[], ['object "k": range']])
  t.deepEqual(
    (await readdir(tmpdir())).filter((name) => !before.includes(name) && /parquet/.test(name)),
    [],
  )
})

/** The framing of snappy-java. */
function xerial(content: Uint8Array, block = 1000): Uint8Array {
  const parts = [Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])]
  for (let at = 0; at < content.length; at += block) {
    const packed = snappy(content.subarray(at, at + block))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(packed.length)
    parts.push(length, Buffer.from(packed))
  }
  return new Uint8Array(Buffer.concat(parts))
}

const packers = {
  gzip: gzipSync,
  zstd: zstdCompressSync,
  snappy: (content: Uint8Array) => xerial(content),
}

for (const codec of ['gzip', 'zstd', 'snappy'] as const) {
  test(`J85: ${codec} round-trips, in small chunks and in one`, async (t) => {
    const content = text(
      Array.from({ length: 20_000 }, (_, i) => `${i % 977} the quick brown fox\n`).join(''),
    )
    const packed = new Uint8Array(packers[codec](content))
    for (const chunk of [7, 70_000_000]) {
      const body = decompressed(bodyOf(packed, chunk), codec, pureCodecs)
      const parts: Uint8Array[] = []
      for await (const part of await body.open()) parts.push(part)
      t.true(Buffer.concat(parts).equals(content))
    }
  })
}

test('E31: line ends, marks, blanks and split characters do not change the records', async (t) => {
  const content = text('\ufeff{"a":"ü🦆"}\r\n\n  \n{"a":2}\r\n\t\n{"a":"é"}')
  for (const chunk of [1, 2, 3, 1000]) {
    const { values, errors } = await readAll(jsonl, bodyOf(content, chunk))
    t.deepEqual([values, errors], [[{ a: 'ü🦆' }, { a: 2 }, { a: 'é' }], []])
    t.deepEqual((await readAll(jsonl, bodyOf(content, chunk), {}, 1)).values, [
      { a: 2 },
      { a: 'é' },
    ])
  }
})

test('E32: jsonl whole numbers beyond 2^53 are exact, fractions stay numbers', async (t) => {
  const content = text('{"a":9007199254740993,"b":1.5,"c":1e20,"d":3}')
  t.deepEqual((await readAll(jsonl, bodyOf(content))).values, [
    { a: 9_007_199_254_740_993n, b: 1.5, c: 1e20, d: 3 },
  ])
  t.deepEqual((await readAll(jsonl, bodyOf(content), { longs: 'number' })).values, [
    { a: 9_007_199_254_740_992, b: 1.5, c: 1e20, d: 3 },
  ])
  t.deepEqual((await readAll(jsonl, bodyOf(text('[3]')), { longs: 'bigint' })).values, [[3n]])
})

test('a line beyond the limit costs that line, wherever chunks end', async (t) => {
  const content = text(`{"id":1}\n"${'x'.repeat(500)}"\n{"id":3}\n`)
  for (const chunk of [10, 100, 400]) {
    const { values, errors } = await readAll(jsonl, bodyOf(content, chunk), {
      'max.record.bytes': 50,
    })
    t.deepEqual(ids(values.filter((value) => typeof value === 'object')), [1, 3])
    t.true(errors.length <= 1)
  }
})

test('E34: an avro file cut off anywhere is an error, not a clean end', async (t) => {
  const file = await avroFile(people(100), undefined, 'null', 200)
  for (const cut of [3, 100, file.length - 1, file.length - 20, file.length - 100]) {
    const { values, errors } = await readAll(avro, bodyOf(file.slice(0, cut)))
    t.is(errors[0]?.code, 'broken-object', `cut at ${cut}`)
    t.deepEqual(ids(values), range(0, values.length))
  }
})

for (const codec of ['null', 'deflate', 'snappy', 'zstandard'] as AvroCodec[]) {
  test(`E35: avro with codec ${codec} gives the same records; a skip decodes no block that it leaves out`, async (t) => {
    const file = await avroFile(people(60), undefined, codec, 300)
    t.deepEqual((await readAll(avro, bodyOf(file))).values, people(60))
    let unpacked = 0
    const counting = (name: 'deflate' | 'snappy' | 'zstandard') => (block: Uint8Array) => {
      unpacked++
      return pureCodecs.blocks[name](block)
    }
    const blocks = {
      deflate: counting('deflate'),
      snappy: counting('snappy'),
      zstandard: counting('zstandard'),
    }
    const { values } = await readAll(
      new AvroTransformer({ ...pureCodecs, blocks }),
      bodyOf(file),
      {},
      55,
    )
    t.deepEqual(values, people(60).slice(55))
    t.true(unpacked <= 2)
  })
}

test('E36: avro longs beyond 2^53 are exact', async (t) => {
  const values = [2n ** 62n, -(2n ** 63n), 2n ** 53n + 1n, 0n, -1n, 2n ** 53n - 1n]
  const encoded = (value: bigint) => {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    return [...bytes, Number(rest)]
  }
  // Behind the header of a file of one 0 stand a count, a size, the 0 and the mark.
  const one = Buffer.from(await avroFile([0], 'long'))
  const empty = one.subarray(0, -19)
  const sync = one.subarray(-16)
  const data = Buffer.from(values.flatMap(encoded))
  const file = Buffer.concat([
    empty,
    Buffer.from([...encoded(6n), ...encoded(BigInt(data.length))]),
    data,
    sync,
  ])
  const expected = [2n ** 62n, -(2n ** 63n), 2n ** 53n + 1n, 0, -1, 2 ** 53 - 1]
  t.deepEqual((await readAll(avro, bodyOf(new Uint8Array(file)))).values, expected)
})

test('avro values of every type are those that the library wrote', async (t) => {
  const schema = {
    type: 'record',
    name: 'All',
    namespace: 'x.y',
    fields: [
      { name: 'a', type: 'boolean' },
      { name: 'b', type: 'int' },
      { name: 'c', type: 'float' },
      { name: 'd', type: 'double' },
      { name: 'e', type: 'bytes' },
      { name: 'f', type: { type: 'map', values: 'int' } },
      { name: 'g', type: { type: 'enum', name: 'E', symbols: ['X', 'Y'] } },
      { name: 'h', type: { type: 'fixed', name: 'F', size: 3 } },
      { name: 'i', type: ['null', 'string', 'E'] },
      { name: 'constructor', type: 'string' },
    ],
  }
  const value = {
    a: true,
    b: -5,
    c: 1.5,
    d: Math.PI,
    e: Buffer.from([1, 2]),
    f: { k: 7, __proto__x: 1 },
    g: 'Y',
    h: Buffer.from([9, 8, 7]),
    i: { string: 'text of more than twenty-four bytes, ünï' },
    constructor: 'c',
  }
  const { values } = await readAll(avro, bodyOf(await avroFile([value], schema)))
  t.deepEqual(values, [
    { ...value, i: value.i.string, e: Uint8Array.of(1, 2), h: Uint8Array.of(9, 8, 7) },
  ])
})

test('a schema cannot smuggle in code, and endless counts are refused', async (t) => {
  const names = ['"] + (globalThis.smuggled = 1) + ["', '__proto__', '\u2028']
  const schema = { type: 'record', name: 'R', fields: names.map((name) => ({ name, type: 'int' })) }
  const { compileAvro } = await import('../../../sdk/src/object-source/avro-schema.ts')
  const { AvroTap } = await import('../../../sdk/src/object-source/avro-datum.ts')
  const tap = new AvroTap('auto')
  tap.load(Uint8Array.of(2, 4, 6))
  const row = compileAvro(schema)(tap) as object
  t.deepEqual(Object.keys(row), names)
  t.false('smuggled' in globalThis)
  tap.load(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f))
  t.throws(() => compileAvro({ type: 'array', items: 'null' })(tap), { message: /items/ })
})

test('E37: two gzip members are both read, a truncated one is an error', async (t) => {
  const two = Buffer.concat([gzipSync('{"id":0}\n'), gzipSync('{"id":1}\n')])
  const read = (content: Uint8Array) =>
    readAll(jsonl, decompressed(bodyOf(content), 'gzip', pureCodecs))
  t.deepEqual(ids((await read(two)).values), [0, 1])
  for (const cut of [5, two.length - 30, two.length - 3]) {
    t.is(
      (await read(new Uint8Array(two.subarray(0, cut)))).errors[0]?.code,
      'broken-object',
      `cut at ${cut}`,
    )
  }
})

test('a truncated zstd stream is an error', async (t) => {
  const packed = zstdCompressSync(Buffer.from('{"id":0}\n'.repeat(1000)))
  const body = decompressed(bodyOf(new Uint8Array(packed.subarray(0, -4))), 'zstd', pureCodecs)
  t.is((await readAll(jsonl, body)).errors[0]?.code, 'broken-object')
})

test('E38: snappy in the framing of snappy-java is read, a corrupt header is an error', async (t) => {
  const packed = xerial(hundredLines, 100)
  const read = (content: Uint8Array) =>
    readAll(jsonl, decompressed(bodyOf(content), 'snappy', pureCodecs))
  t.deepEqual(ids((await read(packed)).values), range(0, 100))
  for (const bad of [
    packed.map((byte, i) => (i === 2 ? 0 : byte)),
    packed.slice(0, -3),
    packed.slice(0, 9),
  ]) {
    t.is((await read(bad)).errors[0]?.code, 'broken-object')
  }
})

for (const chunk of [1, 4095, 4097]) {
  test(`E40: network chunks of ${chunk} bytes give the same chunks of 4096`, async (t) => {
    const content = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251)
    const { values } = await readAll(bytes, bodyOf(content, chunk))
    t.deepEqual(
      (values as Uint8Array[]).map(({ length }) => length),
      [4096, 4096, 1808],
    )
    t.true(Buffer.concat(values as Uint8Array[]).equals(content))
  })
}

test('a whole object is one record by the word, up to the limit', async (t) => {
  const props = { [size]: 'object', 'max.record.bytes': 200 }
  t.deepEqual((await readAll(bytes, bodyOf(hundredLines.slice(0, 150), 7), props)).values, [
    hundredLines.slice(0, 150),
  ])
  t.is((await readAll(bytes, bodyOf(hundredLines), props)).errors[0]?.code, 'broken-object')
})

test('E42: parquet skip 25 with row groups of 30 gives rows 25.., groups before are not fetched', async (t) => {
  const body = bodyOf(parquetFile(3000, 1000), 50, undefined, true)
  t.deepEqual(ids((await readAll(parquet, body, {}, 2500)).values), range(2500, 3000))
  const [, second] = body.reads
  t.true((second?.[0] ?? 0) > body.length / 2)
  const small = bodyOf(parquetFile(100, 30), 50, undefined, true)
  t.deepEqual(ids((await readAll(parquet, small, {}, 25)).values), range(25, 100))
})
