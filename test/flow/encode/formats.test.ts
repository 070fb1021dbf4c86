import test from 'ava'
import { DECODED_MANY, DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import { decodeText, sourcePlan } from '#test/flow/decode/sources.ts'
import { columns, payloadsOf } from './payloads.ts'

test('delimited: the values of a row in the order of its columns', (t) => {
  const output = columns(['a', 'b', 'c'])
  t.deepEqual(
    payloadsOf([{ a: 1, b: 'x', c: null }, { c: true }], { format: 'delimited', output }),
    ['1,x,', ',,true'],
  )
})

test('delimited: with hasHeader the names stand on the first line of each payload', (t) => {
  const setting = { format: 'delimited', hasHeader: true, fields: ['a', 'b'] } as const
  t.deepEqual(payloadsOf([{ a: 1, b: 2, c: 3 }], setting), ['a,b\n1,2'])
  const rows = [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ]
  t.deepEqual(payloadsOf(rows, { ...setting, emitsBatches: true }), ['a,b\n1,2\n3,4'])
})

test('delimited: times, bytes and nested values', (t) => {
  const output = [
    { name: 'at', dataType: { type: 'datetime' } as const },
    { name: 'bytes', dataType: { type: 'bytea' } as const },
    { name: 'list', dataType: { type: 'any' } as const },
  ]
  const row = { at: 0, bytes: new Uint8Array([1, 2]), list: [1, 'x'] }
  t.deepEqual(payloadsOf([row], { format: 'delimited', delimiter: ';', output }), [
    '1970-01-01T00:00:00.000Z;AQI=;"[1,""x""]"',
  ])
})

test('delimited: what is written is read back', (t) => {
  const values = ['plain', 'a;b', 'say "hi"', '"', 'two\nlines', 'cr\r', '', ' é']
  const rows = values.map((a, i) => ({ a, b: values[(i + 3) % values.length] as string }))
  const output = columns(['a', 'b'])
  const string = { type: 'string' } as const
  const schema = [
    { name: 'a', dataType: string },
    { name: 'b', dataType: string },
  ]
  const plan = sourcePlan({ format: 'delimited', delimiter: ';', schema })
  const decoder = sourceDecoder(plan, { timeZone: 'UTC' })
  const setting = { format: 'delimited', delimiter: ';', output } as const
  for (const [i, payload] of payloadsOf(rows, setting).entries()) {
    t.is(decodeText(decoder, payload), DECODED_ONE)
    t.deepEqual(decoder.take(), rows[i])
  }
  const [whole = ''] = payloadsOf(rows, { ...setting, emitsBatches: true })
  t.is(decodeText(decoder, whole), DECODED_MANY)
  t.deepEqual(decoder.rows, rows)
})

test('delimited: omitIfEmpty leaves out rows of nulls', (t) => {
  const setting = { format: 'delimited', omitIfEmpty: true, output: columns(['a', 'b']) } as const
  t.deepEqual(payloadsOf([{ a: null }, { b: 0 }], setting), [',0'])
})

test('binary: the bytes of the column, or of a text', (t) => {
  const rows = [{ self: new Uint8Array([104, 105]) }, { self: 'é' }]
  t.deepEqual(payloadsOf(rows, { format: 'binary' }), ['hi', 'é'])
})

test('binary: a row without bytes is a row error that says so', (t) => {
  const errors: string[] = []
  const rowError = (error: unknown) => errors.push(String(error))
  t.deepEqual(payloadsOf([{ a: 1 }], { format: 'binary', output: columns(['a']), rowError }), [])
  t.deepEqual(errors, [
    'TypeError: format binary sends one BYTEA or STRING column, and there is none among a',
  ])
})
