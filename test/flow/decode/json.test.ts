import { Buffer } from 'node:buffer'
import test, { type ExecutionContext } from 'ava'
import {
  DECODED_MANY,
  DECODED_NONE,
  DECODED_ONE,
  type Decoded,
  type Decoder,
} from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import type { Row } from '#src/operators/operator.ts'
import { makeDocuments, seeded } from './documents.ts'
import { decodeText, sourcePlan } from './sources.ts'

const DOCUMENTS = 240_000

test('any bytes are accepted exactly when JSON.parse accepts them, with the same values', (t) => {
  const columns = ['a', 'c', '__proto__', 'é', 'constructor', 'missing']
  const decoder = sourceDecoder(sourcePlan({ columns }), { timeZone: 'UTC' })
  const next = makeDocuments(seeded(20))
  // What stands behind a payload in its chunk must not matter.
  const behind = Buffer.from('1"}],:0e5')
  const chunk = Buffer.alloc(65_536)
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  const met: [number, number, number] = [0, 0, 0]
  for (let i = 0; i < DOCUMENTS; i++) {
    const payload = next()
    chunk.set(payload, 100)
    chunk.set(behind, 100 + payload.length)
    const how = decoder.decode(chunk, view, 100, 100 + payload.length, 0)
    met[how]++
    const expected = model(payload, columns)
    if (how !== expected.how || !same(actual(decoder, how), expected.rows)) {
      t.is(how, expected.how, payload.toString())
      t.deepEqual(actual(decoder, how), expected.rows, payload.toString())
      return
    }
  }
  t.true(Math.min(...met) > DOCUMENTS / 100, `too few of a kind: ${met.join(', ')}`)
})

function actual(decoder: Decoder, how: number): readonly Row[] {
  if (how === DECODED_NONE) return []
  return how === DECODED_ONE ? [decoder.row] : decoder.rows
}

function model(payload: Buffer, columns: readonly string[]): { how: Decoded; rows: Row[] } {
  let value: unknown
  try {
    value = JSON.parse(payload.toString())
  } catch {
    return { how: DECODED_NONE, rows: [] }
  }
  const values: unknown[] = Array.isArray(value) ? value : [value]
  if (!values.every(isObject)) return { how: DECODED_NONE, rows: [] }
  const rows = values.map((each) => {
    const pairs = columns.map((name) => [name, Object.hasOwn(each, name) ? each[name] : undefined])
    return Object.fromEntries(pairs) as Row
  })
  return { how: Array.isArray(value) ? DECODED_MANY : DECODED_ONE, rows }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As strict as deepEqual for what JSON can hold, and fast. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return Object.is(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && same((a as Row)[key], (b as Row)[key]))
}

test('a row has the columns of the plan in their order, what is missing undefined', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['b', 'a'] }), { timeZone: 'UTC' })
  for (const text of ['{"a":1,"b":null}', '{"a":2}', '{"c":3,"b":"x","a":4}']) {
    t.is(decodeText(decoder, text), DECODED_ONE)
  }
  t.deepEqual(decoder.take(), { b: 'x', a: 4 })
  decodeText(decoder, '{"a":2}')
  t.deepEqual(Object.entries(decoder.take()), [
    ['b', undefined],
    ['a', 2],
  ])
})

test('a row that was taken is not changed by the next payload', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['a'] }), { timeZone: 'UTC' })
  decodeText(decoder, '{"a":1}')
  const first = decoder.take()
  decodeText(decoder, '{"a":2}')
  t.deepEqual([first, decoder.take()], [{ a: 1 }, { a: 2 }])
})

test('hidden columns of the plan are keys of the row that the decoder leaves alone', (t) => {
  const meta = [{ path: ['topic'], as: '#topic' }]
  const decoder = sourceDecoder(sourcePlan({ columns: ['a'], meta, timeAs: '#time' }), {
    timeZone: 'UTC',
  })
  decodeText(decoder, '{"a":1,"#topic":"forged"}')
  decoder.row['#topic'] = 't/1'
  decoder.row['#time'] = 5
  t.deepEqual(decoder.take(), { a: 1, '#topic': 't/1', '#time': 5 })
})

test('without columns the row is the whole payload, a new object each time', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: undefined }), { timeZone: 'UTC' })
  decodeText(decoder, '{"a":{"b":[1]},"c":null}')
  const first = decoder.take()
  decodeText(decoder, '{"z":1}')
  t.deepEqual([first, decoder.take()], [{ a: { b: [1] }, c: null }, { z: 1 }])
})

test('a payload that is no object says why', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['a'] }), { timeZone: 'UTC' })
  const errors = ['5', 'null', '[{"a":1},7]', '[[]]', '', '{"a":', '{"a":1}\0'].map((text) => {
    t.is(decodeText(decoder, text), DECODED_NONE, text)
    return decoder.error
  })
  t.deepEqual(errors.slice(0, 4), [
    'payload is a number, not an object or an array of objects',
    'payload is null, not an object or an array of objects',
    'element 1 of the payload is a number, not an object',
    'element 0 of the payload is an array, not an object',
  ])
  for (const error of errors.slice(4)) t.regex(error, /^payload is not JSON: /)
})

test('an array payload is a row per element, an empty one no row', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['a'] }), { timeZone: 'UTC' })
  t.is(decodeText(decoder, '[{"a":1},{"b":2},{"a":null}]'), DECODED_MANY)
  t.deepEqual(decoder.rows, [{ a: 1 }, { a: undefined }, { a: null }])
  t.is(decodeText(decoder, '[]'), DECODED_MANY)
  t.deepEqual(decoder.rows, [])
})

test('nesting as deep as JSON.parse takes it, and deeper, is no crash', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['b'] }), { timeZone: 'UTC' })
  for (const depth of [60, 64, 65, 1000, 100_000]) {
    const text = `{"a":${'['.repeat(depth)}${']'.repeat(depth)},"b":1}`
    let accepts = true
    try {
      JSON.parse(text)
    } catch {
      accepts = false
    }
    t.is(decodeText(decoder, text), accepts ? DECODED_ONE : DECODED_NONE, String(depth))
    t.is(decodeText(decoder, text.slice(0, -2)), DECODED_NONE)
  }
})

test('a deeply nested value that is read is no crash either, with and without a schema', (t) => {
  const schema = [
    { name: 'a', dataType: { type: 'struct' } as const },
    { name: 'n', dataType: { type: 'bigint' } as const },
  ]
  for (const plan of [
    sourcePlan({ columns: ['a', 'n'] }),
    sourcePlan({ schema }),
    sourcePlan({}),
  ]) {
    const decoder = sourceDecoder(plan, { timeZone: 'UTC' })
    decodeText(decoder, '{"a":{},"n":1}')
    for (const depth of [50, 1000, 50_000]) {
      const text = `{"a":{"b":${'['.repeat(depth)}${']'.repeat(depth)}},"n":12345678901234567}`
      const how = decodeText(decoder, text)
      if (plan.schema === undefined || depth < 5000) t.is(how, DECODED_ONE)
      else if (how === DECODED_NONE) t.regex(decoder.error, /^payload cannot be converted: /)
    }
  }
})

test('a payload of 50 MB is decoded', (t) => {
  const decoder = sourceDecoder(sourcePlan({ columns: ['b', 'd'] }), { timeZone: 'UTC' })
  const long = 'x'.repeat(50_000_000)
  for (const last of [1, 2]) {
    t.is(decodeText(decoder, `{"a":"${long}","b":"é${last}","d":${last}}`), DECODED_ONE)
    t.deepEqual(decoder.take(), { b: `é${last}`, d: last })
  }
})

test('whole numbers beyond 2^53 stay exact in BIGINT columns, first met or of a known shape', (t) => {
  const bigint = { type: 'bigint' } as const
  const fields = { x: bigint, y: { type: 'float' } as const }
  const schema = [
    { name: 'a', dataType: bigint },
    { name: 'f', dataType: { type: 'float' } as const },
    { name: 's', dataType: { type: 'struct', fields } as const },
  ]
  const decoder = sourceDecoder(sourcePlan({ schema, columns: undefined }), { timeZone: 'UTC' })
  const text = (n: string) => `{"a":${n},"f":${n},"s":{"x":${n},"y":${n}},"other":${n}}`
  const expectRow = (t: ExecutionContext, n: string, exact: unknown) => {
    t.is(decodeText(decoder, text(n)), DECODED_ONE)
    const near = Number(n)
    t.deepEqual(decoder.take(), { a: exact, f: near, s: { x: exact, y: near } }, n)
  }
  for (let round = 0; round < 3; round++) {
    expectRow(t, '9007199254740993', 9007199254740993n)
    expectRow(t, '-9223372036854775808', -9223372036854775808n)
    expectRow(t, '9007199254740991', 9007199254740991)
    expectRow(t, '9223372036854775808', 2 ** 63)
    expectRow(t, '1e20', 1e20)
    expectRow(t, '1234567890123456.5', 1234567890123456.5)
    expectRow(t, '12', 12)
  }
})

test('with wholeIsBigint whole numbers of a schemaless stream stay exact', (t) => {
  for (const columns of [['a', 'b'], undefined]) {
    const decoder = sourceDecoder(sourcePlan({ columns, wholeIsBigint: true }), { timeZone: 'UTC' })
    for (let round = 0; round < 2; round++) {
      decodeText(decoder, '{"a":9007199254740993,"b":[9007199254740993,1.5]}')
      t.deepEqual(decoder.take(), { a: 9007199254740993n, b: [9007199254740993n, 1.5] })
    }
  }
})
