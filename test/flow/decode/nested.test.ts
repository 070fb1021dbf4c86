import { Buffer } from 'node:buffer'
import { serialize } from 'node:v8'
import test from 'ava'
import fc from 'fast-check'
import { DECODED_MANY, DECODED_NONE, DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import { ENCODING_V8 } from '#src/flow/frame.ts'
import type { SourcePlan } from '#src/plan/plan.ts'
import type { PayloadPlan } from '#src/plan/source-options.ts'
import type { DataType } from '#src/plan/types.ts'
import { decodeBytes, decodeText, sourcePlan } from './sources.ts'

const inside = { field: 'data', format: 'json', delimiter: '' } as const
const { stringify } = JSON
const base64 = (text: string) => Buffer.from(text).toString('base64')
const column = (name: string, type: 'bigint' | 'float' | 'string' | 'bytea' | 'datetime') => {
  return { name, dataType: { type } satisfies DataType }
}

function decoderOf(changes: Partial<SourcePlan>, payload: Partial<PayloadPlan> = {}) {
  const plan = sourcePlan({ ...changes, payload: { ...inside, ...payload } })
  return sourceDecoder(plan, { timeZone: 'UTC' })
}

test('what the field holds is laid over the rest of the row, and the field is gone', (t) => {
  const text = stringify({ a: 1, b: 2, data: '{"b":3,"c":null,"d":4}' })
  const all = decoderOf({})
  t.is(decodeText(all, text), DECODED_ONE)
  t.deepEqual(all.take(), { a: 1, b: 3, c: null, d: 4 })
  const some = decoderOf({ columns: ['d', 'b', 'a', 'missing', 'data'] })
  t.is(decodeText(some, text), DECODED_ONE)
  t.deepEqual(Object.entries(some.take()), [
    ['d', 4],
    ['b', 3],
    ['a', 1],
    ['missing', undefined],
    ['data', undefined],
  ])
  t.is(decodeText(all, stringify({ a: 1, data: '{"data":2}' })), DECODED_ONE)
  t.deepEqual(all.take(), { a: 1, data: 2 })
})

test('the field may be text, Base64 or bytes', (t) => {
  const decoder = decoderOf({ columns: ['a', 'b'] })
  for (const data of ['{"b":2}', base64('{"b":2}')]) {
    t.is(decodeText(decoder, stringify({ a: 1, data })), DECODED_ONE)
    t.deepEqual(decoder.take(), { a: 1, b: 2 })
  }
  const long = `{"b":2,"c":"${'x'.repeat(2 ** 24)}"}`
  t.is(decodeText(decoder, stringify({ a: 1, data: base64(long) })), DECODED_ONE, decoder.error)
  t.deepEqual(decoder.take(), { a: 1, b: 2 })
  const row = { a: 1, data: new Uint8Array(Buffer.from('{"b":2}')) }
  t.is(decodeBytes(decoder, serialize(row), ENCODING_V8), DECODED_ONE)
  t.deepEqual(decoder.take(), { a: 1, b: 2 })
})

test('an array in the field is a row per element, in each row of an array around it', (t) => {
  for (const columns of [undefined, ['n', 'x']]) {
    const decoder = decoderOf({ columns })
    t.is(decodeText(decoder, stringify({ n: 1, data: '[{"x":1},{"x":2}]' })), DECODED_MANY)
    t.deepEqual(decoder.rows, [
      { n: 1, x: 1 },
      { n: 1, x: 2 },
    ])
    const two = [
      { n: 1, data: '[{"x":1},{"x":2}]' },
      { n: 2, data: '{"x":3}' },
      { n: 3, data: '[]' },
    ]
    t.is(decodeText(decoder, stringify(two)), DECODED_MANY)
    t.deepEqual(decoder.rows, [
      { n: 1, x: 1 },
      { n: 1, x: 2 },
      { n: 2, x: 3 },
    ])
  }
})

for (const [what, row, error] of [
  ['is missing', { a: 1 }, 'payload in field "data": there is none'],
  ['is null', { data: null }, 'payload in field "data": there is none'],
  ['is a number', { data: 34 }, 'payload in field "data": it is neither bytes nor text but number'],
  [
    'is an object already',
    { data: { b: 1 } },
    'payload in field "data": it is neither bytes nor text but object',
  ],
  [
    'holds no object',
    { data: '7 ' },
    'payload in field "data": payload is a number, not an object or an array of objects',
  ],
] as const) {
  test(`a payload whose field ${what} is refused, and the next is not`, (t) => {
    const decoder = decoderOf({ columns: ['a', 'b'] })
    t.is(decodeText(decoder, stringify(row)), DECODED_NONE)
    t.is(decoder.error, error)
    t.is(decodeText(decoder, stringify({ a: 1, data: '{"b":2}' })), DECODED_ONE)
    t.deepEqual(decoder.take(), { a: 1, b: 2 })
  })
}

test('broken payloads are refused with the reason, inside and around', (t) => {
  const decoder = decoderOf({ columns: ['a', 'b'] })
  t.is(decodeText(decoder, stringify({ data: '{"b":' })), DECODED_NONE)
  t.regex(decoder.error, /^payload in field "data": payload is not JSON: /)
  t.is(decodeText(decoder, '{"data":'), DECODED_NONE)
  t.regex(decoder.error, /^payload is not JSON: /)
})

test('delimited values inside are col0, col1, …: texts, or what the schema says of these names', (t) => {
  const format = 'delimited'
  const text = stringify({ n: 1, data: '20.5;"a;b";7' })
  const plain = decoderOf({}, { format, delimiter: ';' })
  t.is(decodeText(plain, text), DECODED_ONE)
  t.deepEqual(plain.take(), { n: 1, col0: '20.5', col1: 'a;b', col2: '7' })
  const schema = [column('col2', 'bigint'), column('n', 'bigint'), column('col0', 'float')]
  const typed = decoderOf({ schema }, { format, delimiter: ';' })
  t.is(decodeText(typed, text), DECODED_ONE)
  t.deepEqual(typed.take(), { col2: 7, n: 1, col0: 20.5 })
})

test('binary inside: the bytes are in self', (t) => {
  const decoder = decoderOf({}, { format: 'binary' })
  t.is(decodeText(decoder, stringify({ n: 1, data: base64('hi') })), DECODED_ONE)
  t.deepEqual(decoder.take(), { n: 1, self: new Uint8Array([104, 105]) })
})

test('a delimited payload around: the field has a name of its own only in the schema', (t) => {
  const format = 'delimited'
  const text = '5,"{""x"":1}"'
  const plain = decoderOf({ format }, { field: 'col1' })
  t.is(decodeText(plain, text), DECODED_ONE)
  t.deepEqual(plain.take(), { col0: '5', x: 1 })
  const schema = [column('n', 'bigint'), column('data', 'string'), column('x', 'bigint')]
  const named = decoderOf({ format, schema, columns: ['n', 'x'] })
  t.is(decodeText(named, text), DECODED_ONE)
  t.deepEqual(named.take(), { n: 5, x: 1 })
})

test('with a batch field all payloads in its elements make one row, the last values win', (t) => {
  for (const columns of [undefined, ['n', 'inner', 'a', 'b']]) {
    const decoder = decoderOf({ columns }, { batchField: 'frames' })
    const frames = [
      { data: '{"a":23,"b":34}', inner: 123 },
      { data: '[{"a":33},{"b":44}]', inner: 456 },
    ]
    t.is(decodeText(decoder, stringify({ n: 'out', frames })), DECODED_ONE)
    t.deepEqual(decoder.take(), { n: 'out', inner: 456, a: 33, b: 44 })
    t.is(decodeText(decoder, stringify({ n: 'out', frames: [{ inner: 1 }] })), DECODED_NONE)
    t.is(decoder.error, 'payload in field "data": there is none')
    for (const frames of [undefined, {}, [7]]) {
      t.is(decodeText(decoder, stringify({ frames })), DECODED_NONE)
      t.is(decoder.error, 'field "frames" is not an array of objects')
    }
  }
})

test('the schema is checked when both are together: types, defaults, bytes', (t) => {
  const strict = decoderOf({
    strict: true,
    schema: [
      column('a', 'bigint'),
      { ...column('b', 'float'), default: 1.5 },
      column('c', 'bytea'),
      column('d', 'datetime'),
    ],
  })
  const data = stringify({ a: 2, c: base64('hi'), d: '2024-01-01T00:00:00Z' })
  t.is(decodeText(strict, stringify({ a: 'no', data })), DECODED_ONE)
  t.deepEqual(strict.take(), {
    a: 2,
    b: 1.5,
    c: new Uint8Array([104, 105]),
    d: Date.UTC(2024, 0, 1),
  })
  t.is(decodeText(strict, stringify({ a: 1, data: '{"a":"no"}' })), DECODED_NONE)
  t.is(strict.error, 'a has wrong type:string, expect:bigint')
})

test('whole numbers beyond 2^53 stay exact where a BIGINT is wanted', (t) => {
  const schema = [column('a', 'bigint'), column('f', 'float')]
  const data = '{"a":9007199254740993,"f":9007199254740993}'
  const row = { a: 9007199254740993n, f: 9007199254740992 }
  const decoder = decoderOf({ schema })
  t.is(decodeText(decoder, stringify({ data })), DECODED_ONE)
  t.deepEqual(decoder.take(), row)
  const batch = decoderOf({ schema }, { batchField: 'frames' })
  const text = '{"frames":[{"a":9007199254740993,"f":9007199254740993,"data":"{}"}]}'
  t.is(decodeText(batch, text), DECODED_ONE)
  t.deepEqual(batch.take(), row)
  const schemaless = decoderOf({ columns: ['a'], wholeIsBigint: true })
  t.is(decodeText(schemaless, stringify({ data })), DECODED_ONE)
  t.deepEqual(schemaless.take(), { a: 9007199254740993n })
})

test('ignoreCase is for the names inside too, and for the field', (t) => {
  const decoder = decoderOf({ columns: ['Temp', 'n'], anyCase: ['Temp', 'n'] })
  t.is(decodeText(decoder, stringify({ N: 1, DATA: '{"TEMP":2}' })), DECODED_ONE)
  t.deepEqual(decoder.take(), { Temp: 2, n: 1 })
  const batch = decoderOf(
    { columns: ['Temp', 'n'], anyCase: ['Temp', 'n'] },
    { batchField: 'frames' },
  )
  t.is(decodeText(batch, stringify({ FRAMES: [{ N: 1, Data: '{"temp":2}' }] })), DECODED_ONE)
  t.deepEqual(batch.take(), { Temp: 2, n: 1 })
})

test('the hidden columns of the plan are in the row, for the stage to set', (t) => {
  const decoder = decoderOf({
    columns: ['a'],
    meta: [{ path: ['topic'], as: '#topic' }],
    timeAs: '#time',
  })
  t.is(decodeText(decoder, stringify({ data: '{"a":1}' })), DECODED_ONE)
  decoder.row['#topic'] = 'x'
  t.deepEqual(Object.keys(decoder.row), ['a', '#topic', '#time'])
  t.deepEqual(decoder.take(), { a: 1, '#topic': 'x', '#time': undefined })
})

const value = fc.oneof(
  fc.integer(),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constant(null),
  fc.array(fc.nat(), { maxLength: 3 }),
)
const names = ['a', 'b', '__proto__', 'toString', 'äö'] as const
const object = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), value), { selector: ([name]) => name })
  .map((entries) => Object.fromEntries(entries))

test('rows are those of JSON.parse twice, whatever the sizes and shapes, by columns and all', (t) => {
  const few = ['b', '__proto__', 'toString', 'nosuch']
  const whole = decoderOf({})
  const some = decoderOf({ columns: few })
  const input = fc.tuple(object, object, fc.nat(9000), fc.boolean())
  fc.assert(
    fc.property(input, ([outer, inner, size, isText]) => {
      const text = stringify(inner) + ' '.repeat(size)
      const payload = stringify({ ...outer, data: isText ? text : base64(text) })
      const wanted = new Map([...Object.entries(outer), ...Object.entries(inner)])
      t.is(decodeText(whole, payload), DECODED_ONE)
      const row = whole.take()
      t.deepEqual(new Map(Object.entries(row)), wanted)
      t.is(Object.getPrototypeOf(row), Object.prototype)
      t.is(decodeText(some, payload), DECODED_ONE)
      t.deepEqual(
        Object.entries(some.take()),
        few.map((name) => [name, wanted.get(name)]),
      )
    }),
    { seed: 11, numRuns: 300 },
  )
})
