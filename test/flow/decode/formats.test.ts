import { Buffer } from 'node:buffer'
import { serialize } from 'node:v8'
import test from 'ava'
import { DECODED_MANY, DECODED_NONE, DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import { ENCODING_JSON, ENCODING_V8, FLAG_OFFSET_NUMBER } from '#src/flow/frame.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { decodeBytes, decodeText, sourcePlan } from './sources.ts'

const decoderOf = (changes: Partial<SourcePlan>) =>
  sourceDecoder(sourcePlan(changes), { timeZone: 'UTC' })
const column = (
  name: string,
  type: 'bigint' | 'float' | 'string' | 'boolean' | 'bytea' | 'datetime',
) => {
  return { name, dataType: { type } satisfies DataType }
}

test('binary: the bytes are in `self`, a copy', (t) => {
  const decoder = decoderOf({ format: 'binary', columns: ['self'] })
  const bytes = Buffer.from([1, 2, 255, 0])
  t.is(decodeBytes(decoder, bytes), DECODED_ONE)
  const row = decoder.take()
  bytes.fill(9)
  t.deepEqual(row, { self: new Uint8Array([1, 2, 255, 0]) })
})

test('binary: with a schema the bytes are in its BYTEA column', (t) => {
  const decoder = decoderOf({ format: 'binary', schema: [column('image', 'bytea')] })
  decodeText(decoder, 'hi')
  t.deepEqual(decoder.take(), { image: new Uint8Array([104, 105]) })
})

const abc = [column('a', 'bigint'), column('b', 'string'), column('c', 'float')]

test('delimited: the schema names and types the columns', (t) => {
  const decoder = decoderOf({ format: 'delimited', schema: abc })
  const rows = [
    '1,x,2.5',
    '2,q,3',
    '1,x',
    ',,',
    'no,1,-1e3',
    '9007199254740993,"a,""b""",7\r\n',
  ].map((text) => {
    t.is(decodeText(decoder, text), DECODED_ONE, text)
    return decoder.take()
  })
  t.deepEqual(rows, [
    { a: 1, b: 'x', c: 2.5 },
    { a: 2, b: 'q', c: 3 },
    { a: 1, b: 'x', c: undefined },
    { a: null, b: '', c: null },
    { a: 'no', b: '1', c: -1000 },
    { a: 9007199254740993n, b: 'a,"b"', c: 7 },
  ])
})

test('delimited: booleans, times, bytes, arrays and structs', (t) => {
  const schema = [
    column('t', 'boolean'),
    column('d', 'datetime'),
    column('y', 'bytea'),
    { name: 'l', dataType: { type: 'array', element: { type: 'bigint' } } as const },
  ]
  const decoder = decoderOf({ format: 'delimited', delimiter: '|', schema })
  decodeText(decoder, 'TRUE|1709214330123|aGk=|[1,2]')
  t.deepEqual(decoder.take(), {
    t: true,
    d: 1709214330123,
    y: new Uint8Array([104, 105]),
    l: [1, 2],
  })
})

test('delimited: only the columns that the rule reads', (t) => {
  const decoder = decoderOf({ format: 'delimited', schema: abc, columns: ['c'] })
  decodeText(decoder, '1,x,2.5')
  t.deepEqual(decoder.take(), { c: 2.5 })
})

test('delimited: without a schema columns are col0, col1, … and values texts', (t) => {
  const decoder = decoderOf({ format: 'delimited', delimiter: '::' })
  decodeText(decoder, '1::x:y::')
  t.deepEqual(decoder.take(), { col0: '1', col1: 'x:y', col2: '' })
})

test('delimited: several lines are several rows; quotes that enclose no value are text', (t) => {
  const decoder = decoderOf({ format: 'delimited', schema: abc })
  t.is(decodeText(decoder, '1,"x\ny",2\r\n2,a"b,3\n3,"c"d,4\n'), DECODED_MANY)
  t.deepEqual(decoder.rows, [
    { a: 1, b: 'x\ny', c: 2 },
    { a: 2, b: 'a"b', c: 3 },
    { a: 3, b: '"c"d', c: 4 },
  ])
})

test('delimited: STRICT_VALIDATION refuses what is not of its type', (t) => {
  const decoder = decoderOf({ format: 'delimited', schema: abc, strict: true })
  t.is(decodeText(decoder, 'x,y,1'), DECODED_NONE)
  t.is(decoder.error, 'a has wrong type:string, expect:bigint')
  t.is(decodeText(decoder, ''), DECODED_NONE)
  t.is(decoder.error, 'payload is empty')
})

test('delimited: a long payload takes time in proportion', (t) => {
  const decoder = decoderOf({ format: 'delimited' })
  for (const text of [
    ',".'.repeat(300_000),
    '"",'.repeat(300_000),
    'a\n'.repeat(300_000),
    '"a,'.repeat(300_000),
  ]) {
    const start = performance.now()
    t.not(decodeText(decoder, text), DECODED_NONE)
    t.true(performance.now() - start < 5000)
  }
})

test('a frame may say that its payload is JSON, whatever the FORMAT', (t) => {
  for (const format of ['json', 'binary', 'delimited'] as const) {
    const decoder = decoderOf({ format, schema: abc })
    t.is(decodeText(decoder, '{"b":"x","a":1}', ENCODING_JSON | FLAG_OFFSET_NUMBER), DECODED_ONE)
    t.deepEqual(decoder.take(), { a: 1, b: 'x', c: undefined })
  }
})

test('a frame may hold a serialized row, with what JSON cannot say', (t) => {
  const schema = [
    column('n', 'bigint'),
    column('f', 'float'),
    column('y', 'bytea'),
    column('at', 'datetime'),
  ]
  const row = { n: 2n ** 60n, f: Number.NaN, y: new Uint8Array([1]), at: new Date(5), more: 1 }
  const decoder = decoderOf({ schema, strict: true })
  t.is(decodeBytes(decoder, serialize(row), ENCODING_V8), DECODED_ONE)
  t.deepEqual(decoder.take(), { n: 2n ** 60n, f: Number.NaN, y: new Uint8Array([1]), at: 5 })
  t.is(decodeBytes(decoder, serialize([{ n: 1n }]), ENCODING_V8), DECODED_MANY)
  t.deepEqual(decoder.rows, [{ n: 1, f: undefined, y: undefined, at: undefined }])
  const star = decoderOf({})
  decodeBytes(star, serialize({ a: [1n] }), ENCODING_V8)
  t.deepEqual(star.take(), { a: [1n] })
})

test('what is no serialized row says so', (t) => {
  const decoder = decoderOf({ columns: ['a'] })
  t.is(decodeText(decoder, '{"a":1}', ENCODING_V8), DECODED_NONE)
  t.regex(decoder.error, /^payload is not a serialized row: /)
  t.is(decodeBytes(decoder, serialize(5), ENCODING_V8), DECODED_NONE)
  t.is(decoder.error, 'payload is a number, not an object or an array of objects')
})
