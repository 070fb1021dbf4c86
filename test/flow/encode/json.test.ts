import test from 'ava'
import type { Row } from '#src/operators/operator.ts'
import { type Below, seeded } from '#test/flow/decode/documents.ts'
import { columns, payloadsOf, type Setting } from './payloads.ts'

interface Case {
  readonly rows: readonly Row[]
  readonly setting?: Setting
  readonly payloads: readonly string[]
}

const emits = test.macro((t, { rows, setting, payloads }: Case) => {
  t.deepEqual(payloadsOf(rows, setting), [...payloads])
})

const ab = columns(['a', 'b'])
const two = [
  { a: 1, b: 'x' },
  { a: 2.5, b: 'y' },
]

test('a row is an array of one object', emits, {
  rows: two,
  setting: { output: ab },
  payloads: ['[{"a":1,"b":"x"}]', '[{"a":2.5,"b":"y"}]'],
})
test('with sendSingle a row is an object', emits, {
  rows: two,
  setting: { output: ab, sendSingle: true },
  payloads: ['{"a":1,"b":"x"}', '{"a":2.5,"b":"y"}'],
})
test('a batch of a rule that emits batches is one array', emits, {
  rows: two,
  setting: { output: ab, emitsBatches: true },
  payloads: ['[{"a":1,"b":"x"},{"a":2.5,"b":"y"}]'],
})
test('with sendSingle a batch is a payload per row', emits, {
  rows: two,
  setting: { output: ab, emitsBatches: true, sendSingle: true },
  payloads: ['{"a":1,"b":"x"}', '{"a":2.5,"b":"y"}'],
})

const nulls = [
  { a: null, b: undefined },
  { a: 1, b: null },
  { a: undefined, b: 2 },
]
test('null columns are dropped', emits, {
  rows: nulls,
  setting: { output: ab },
  payloads: ['[{}]', '[{"a":1}]', '[{"b":2}]'],
})
test('with sendNilField null columns are written', emits, {
  rows: nulls,
  setting: { output: ab, sendNilField: true },
  payloads: ['[{"a":null,"b":null}]', '[{"a":1,"b":null}]', '[{"a":null,"b":2}]'],
})
test('a column that keeps null writes an explicit null and drops what was missing', emits, {
  rows: nulls,
  setting: { output: ab?.map((column) => ({ ...column, keepsNull: true })) },
  payloads: ['[{"a":null}]', '[{"a":1,"b":null}]', '[{"b":2}]'],
})
test('of rows with unknown columns all but null and hidden ones are written', emits, {
  rows: [{ z: 1, a: null, '#h': 3 }, { '#h': 4 }],
  setting: { hidden: ['#h'] },
  payloads: ['[{"z":1}]', '[{}]'],
})
test('omitIfEmpty leaves out rows without fields', emits, {
  rows: nulls,
  setting: { output: ab, omitIfEmpty: true },
  payloads: ['[{"a":1}]', '[{"b":2}]'],
})
test('omitIfEmpty leaves out a batch only if all its rows are without fields', emits, {
  rows: [{}, { a: 1 }],
  setting: { output: ab, omitIfEmpty: true, emitsBatches: true },
  payloads: ['[{},{"a":1}]'],
})
test('fields are sent in their order, null where the row has none', emits, {
  rows: [{ a: 1, b: 2, c: 3 }],
  setting: { output: columns(['a', 'b', 'c']), fields: ['c', 'zz', 'a'] },
  payloads: ['[{"c":3,"zz":null,"a":1}]'],
})
test('fields work where columns are unknown', emits, {
  rows: [{ a: 1, b: 2 }],
  setting: { fields: ['a', 'zz'] },
  payloads: ['[{"a":1,"zz":null}]'],
})
test('excludeFields are not sent', emits, {
  rows: [{ a: 1, b: 2 }],
  setting: { excludeFields: ['a'], output: ab },
  payloads: ['[{"b":2}]'],
})
test('NaN and Infinity are null', emits, {
  rows: [{ a: Number.NaN, b: [Number.POSITIVE_INFINITY, { c: Number.NaN }] }],
  setting: { output: ab },
  payloads: ['[{"b":[null,{"c":null}]}]'],
})
test('bigints are digits and bytes are base64, nested too', emits, {
  rows: [{ a: 2n ** 63n - 1n, b: { n: [-5n], bytes: new Uint8Array([104, 105]) } }],
  setting: { output: ab },
  payloads: ['[{"a":9223372036854775807,"b":{"n":[-5],"bytes":"aGk="}}]'],
})
test('names and strings are escaped', emits, {
  rows: [{ 'a"\n': 'q"\\\u0000\ud800é', __proto__: null }],
  setting: { output: columns(['a"\n', '__proto__', 'constructor']) },
  payloads: ['[{"a\\"\\n":"q\\"\\\\\\u0000\\ud800é"}]'],
})

test('objects that know their JSON are asked for it', emits, {
  rows: [{ a: new Date(0), b: { toJSON: () => [1n] } }],
  setting: { output: ab },
  payloads: ['[{"a":"1970-01-01T00:00:00.000Z","b":[1]}]'],
})

const datetime = { type: 'datetime' } as const
const times = [{ a: 1709214330123, b: '29/02/2024' }]
test('a DATETIME is a text with milliseconds, one that is a text already stays', emits, {
  rows: times,
  setting: { output: columns(['a', 'b'], datetime) },
  payloads: ['[{"a":"2024-02-29T13:45:30.123Z","b":"29/02/2024"}]'],
})
test('a DATETIME is written in the zone of the rule', emits, {
  rows: times,
  setting: { output: columns(['a'], datetime), timeZone: 'Asia/Shanghai' },
  payloads: ['[{"a":"2024-02-29T21:45:30.123+08:00"}]'],
})
test('a DATETIME in arrays and structs is found by its type; what is no time is null', emits, {
  rows: [{ a: [0, 1e99], b: { at: 0, n: 0 } }],
  setting: {
    output: [
      { name: 'a', dataType: { type: 'array', element: datetime } },
      { name: 'b', dataType: { type: 'struct', fields: { at: datetime } } },
    ],
  },
  payloads: [
    '[{"a":["1970-01-01T00:00:00.000Z",null],"b":{"at":"1970-01-01T00:00:00.000Z","n":0}}]',
  ],
})

test('a row that cannot be written is reported and the others are sent', (t) => {
  const cyclic: Row = {}
  cyclic.a = cyclic
  for (const emitsBatches of [false, true]) {
    const errors: unknown[] = []
    const rowError = (error: unknown, time: number) => errors.push({ error, time })
    const rows = [{ a: 1 }, cyclic, { a: 2 }]
    const payloads = payloadsOf(rows, { output: columns(['a']), emitsBatches, rowError })
    t.deepEqual(payloads, emitsBatches ? ['[{"a":1},{"a":2}]'] : ['[{"a":1}]', '[{"a":2}]'])
    t.is(errors.length, 1)
  }
})

test('any values that JSON knows are written as JSON.stringify writes them', (t) => {
  const below = seeded(9)
  const names = ['a', 'b', 'long name', 'toString']
  const rows = Array.from({ length: 30_000 }, () => anyRow(names, below))
  const expected = rows.map((row) => JSON.stringify([row]))
  t.deepEqual(payloadsOf(rows, { output: columns(names) }), expected)
  t.deepEqual(payloadsOf(rows), expected)
})

function anyRow(names: readonly string[], below: Below): Row {
  const present = names.filter(() => below(5) > 0)
  return Object.fromEntries(present.map((name) => [name, anyValue(below, 2)]))
}

function anyValue(below: Below, depth: number): unknown {
  switch (below(depth === 0 ? 4 : 6)) {
    case 0:
      return below(2) === 0 ? below(1000) : (below(1e9) - 5e8) / 7
    case 1:
      return `dev-${below(9000)}`
    case 2:
      return String.fromCharCode(below(0x10000), below(200), below(0x3000)).repeat(below(30))
    case 3:
      return below(2) === 0
    case 4:
      return Array.from({ length: below(4) }, () =>
        below(5) === 0 ? null : anyValue(below, depth - 1),
      )
    default:
      return { x: anyValue(below, depth - 1), y: null }
  }
}
