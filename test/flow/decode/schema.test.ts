import test from 'ava'
import { DECODED_MANY, DECODED_NONE, DECODED_ONE } from '#src/flow/decode/decoder.ts'
import { sourceDecoder } from '#src/flow/decode/source-decoder.ts'
import type { SchemaColumn } from '#src/plan/plan.ts'
import type { DataType } from '#src/plan/types.ts'
import { decodeText, sourcePlan } from './sources.ts'

interface Case {
  readonly schema: readonly SchemaColumn[]
  readonly strict?: boolean
  readonly timeFormat?: string
  /** A payload, and its row or its error. */
  readonly payloads: readonly (readonly [text: string, expected: unknown])[]
}

/** Each payload twice, so that it is read first by JSON.parse and then by its shape, and once within an array. */
const decodes = test.macro((t, { schema, strict = false, timeFormat, payloads }: Case) => {
  const timestamp = timeFormat === undefined ? undefined : { column: 'a', format: timeFormat }
  const plan = sourcePlan({ schema, strict, timestamp })
  for (const [text, expected] of payloads) {
    const decoder = sourceDecoder(plan, { timeZone: 'UTC' })
    for (let round = 0; round < 2; round++) {
      const how = decodeText(decoder, text)
      if (typeof expected === 'string') {
        t.is(how, DECODED_NONE, text)
        t.is(decoder.error, expected)
      } else {
        t.is(how, DECODED_ONE, `${text}: ${decoder.error}`)
        t.deepEqual(decoder.take(), expected, text)
      }
    }
    const isRow = typeof expected !== 'string'
    t.is(decodeText(decoder, `[${text}]`), isRow ? DECODED_MANY : DECODED_NONE)
    if (isRow) t.deepEqual(decoder.rows, [expected], text)
  }
})

const of = (dataType: DataType, more: Partial<SchemaColumn> = {}): SchemaColumn[] => [
  { name: 'a', dataType, ...more },
]
const bigint: DataType = { type: 'bigint' }
const string: DataType = { type: 'string' }
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

test('a schema selects its columns, in its order', decodes, {
  schema: [
    { name: 'b', dataType: string },
    { name: 'a', dataType: bigint },
  ],
  payloads: [
    ['{"a":1,"b":"x","c":3}', { b: 'x', a: 1 }],
    ['{"a":1}', { b: undefined, a: 1 }],
    ['{"a":null,"b":"x"}', { b: 'x', a: null }],
  ],
})
test('without STRICT_VALIDATION values of another type stay what they are', decodes, {
  schema: [
    { name: 'a', dataType: bigint },
    { name: 'b', dataType: { type: 'boolean' } },
    { name: 'd', dataType: { type: 'datetime' } },
  ],
  payloads: [
    ['{"a":"x","b":1,"d":"29/02/2024 13:45"}', { a: 'x', b: 1, d: '29/02/2024 13:45' }],
    ['{"a":1.5,"b":"true","d":1709214330123}', { a: 1.5, b: 'true', d: 1709214330123 }],
  ],
})
test('BYTEA is base64, and the text itself where it is none', decodes, {
  schema: of({ type: 'bytea' }),
  payloads: [
    ['{"a":"aGVsbG8="}', { a: bytes('hello') }],
    ['{"a":"%%"}', { a: bytes('%%') }],
    ['{"a":""}', { a: bytes('') }],
    ['{"a":5}', { a: 5 }],
  ],
})
test('padding alone, or in the middle, is no base64', decodes, {
  schema: of({ type: 'bytea' }),
  payloads: [
    ['{"a":"===="}', { a: bytes('====') }],
    ['{"a":"aGk=aGk="}', { a: bytes('aGk=aGk=') }],
    ['{"a":"aGk=="}', { a: bytes('aGk==') }],
  ],
})
test('a text of many megabytes is bytes too', (t) => {
  const decoder = sourceDecoder(sourcePlan({ schema: of({ type: 'bytea' }) }), { timeZone: 'UTC' })
  for (const [tail, size] of [
    ['', 3 * 2 ** 22],
    ['%', 2 ** 24 + 1],
  ] as const) {
    t.is(decodeText(decoder, `{"a":"${'A'.repeat(2 ** 24)}${tail}"}`), DECODED_ONE, decoder.error)
    t.is((decoder.take().a as Uint8Array).length, size)
  }
})
test('fields that a nested STRUCT does not declare are dropped', decodes, {
  schema: of({
    type: 'array',
    element: { type: 'struct', fields: { x: bigint, y: string, at: { type: 'bytea' } } },
  }),
  payloads: [
    ['{"a":[{"x":1,"y":"q","z":9},{"z":1},null]}', { a: [{ x: 1, y: 'q' }, {}, null] }],
    ['{"a":[{"at":"aGk="}]}', { a: [{ at: bytes('hi') }] }],
    ['{"a":"no array"}', { a: 'no array' }],
  ],
})
test('STRICT_VALIDATION refuses a row with a value of another type', decodes, {
  strict: true,
  schema: of(bigint),
  payloads: [
    ['{"a":7}', { a: 7 }],
    ['{"a":7.0}', { a: 7 }],
    ['{"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"a":"x"}', 'a has wrong type:string, expect:bigint'],
    ['{"a":"7"}', 'a has wrong type:string, expect:bigint'],
    ['{"a":1.5}', 'a has wrong type:number, expect:bigint'],
    ['{"a":[1]}', 'a has wrong type:array, expect:bigint'],
  ],
})
test('STRICT_VALIDATION looks into arrays and structs', decodes, {
  strict: true,
  schema: of({ type: 'struct', fields: { list: { type: 'array', element: string } } }),
  payloads: [
    ['{"a":{"list":["x",null],"more":1}}', { a: { list: ['x', null] } }],
    ['{"a":{}}', { a: {} }],
    ['{"a":{"list":["x",1]}}', 'a.list has wrong type:number, expect:string'],
    ['{"a":{"list":"x"}}', 'a.list has wrong type:string, expect:array'],
  ],
})
test('STRICT_VALIDATION: float, boolean, string and bytea', decodes, {
  strict: true,
  schema: [
    { name: 'f', dataType: { type: 'float' } },
    { name: 'b', dataType: { type: 'boolean' } },
    { name: 's', dataType: string },
    { name: 'y', dataType: { type: 'bytea' } },
  ],
  payloads: [
    ['{"f":5,"b":true,"s":"q","y":"aGk="}', { f: 5, b: true, s: 'q', y: bytes('hi') }],
    ['{"f":"5"}', 'f has wrong type:string, expect:float'],
    ['{"b":1}', 'b has wrong type:number, expect:boolean'],
    ['{"s":{}}', 's has wrong type:object, expect:string'],
    ['{"y":1}', 'y has wrong type:number, expect:bytea'],
  ],
})
test('STRICT_VALIDATION fills what is missing or null with its DEFAULT, else leaves it', decodes, {
  strict: true,
  schema: [
    { name: 'a', dataType: bigint, default: -5 },
    { name: 'b', dataType: string, default: '' },
    { name: 'c', dataType: string },
  ],
  payloads: [
    ['{}', { a: -5, b: '', c: undefined }],
    ['{"a":null,"b":"x","c":null}', { a: -5, b: 'x', c: null }],
  ],
})
test('a DEFAULT without STRICT_VALIDATION does nothing', decodes, {
  schema: of(bigint, { default: 5 }),
  payloads: [['{}', { a: undefined }]],
})
test('STRICT_VALIDATION: DATETIME is epoch milliseconds from numbers and lenient texts', decodes, {
  strict: true,
  schema: of({ type: 'datetime' }),
  payloads: [
    ['{"a":1709214330123}', { a: 1709214330123 }],
    ['{"a":"2024-02-29T13:45:30.123Z"}', { a: 1709214330123 }],
    ['{"a":"no time"}', 'a has wrong type:string, expect:datetime'],
    ['{"a":true}', 'a has wrong type:boolean, expect:datetime'],
  ],
})
test('STRICT_VALIDATION: DATETIME texts are read by TIMESTAMP_FORMAT', decodes, {
  strict: true,
  timeFormat: 'dd/MM/yyyy HH:mm',
  schema: of({ type: 'datetime' }),
  payloads: [
    ['{"a":"29/02/2024 13:45"}', { a: Date.UTC(2024, 1, 29, 13, 45) }],
    ['{"a":"2024-02-29T13:45:30Z"}', 'a has wrong type:string, expect:datetime'],
  ],
})

test('of a key that comes twice the last counts, also for STRICT_VALIDATION', decodes, {
  strict: true,
  schema: of(bigint),
  payloads: [
    ['{"a":"x","a":2}', { a: 2 }],
    ['{"a":2,"a":"x"}', 'a has wrong type:string, expect:bigint'],
  ],
})

test('a known shape whose key comes again behind it is not taken for the shape', (t) => {
  const decoder = sourceDecoder(sourcePlan({ schema: of(bigint), strict: true }), {
    timeZone: 'UTC',
  })
  decodeText(decoder, '{"a":1}')
  t.is(decodeText(decoder, '{"a":"x","a":2}'), DECODED_ONE)
  t.deepEqual(decoder.take(), { a: 2 })
  t.is(decodeText(decoder, '{"a":"x"'), DECODED_NONE)
  t.regex(decoder.error, /^payload is not JSON/)
})
