import { deserialize, serialize } from 'node:v8'
import test from 'ava'
import fc from 'fast-check'
import { packColumn, packParts, unpackColumn } from '#src/state/columns.ts'
import { packState, unpackState } from '#src/state/state-blob.ts'

const anything = fc.oneof(
  fc.double(),
  fc.string(),
  fc.constantFrom(null, undefined, true, -0, 2n ** 70n),
  fc.array(fc.integer()),
  fc.record({ n: fc.integer(), sum: fc.double() }),
  fc.record({ list: fc.array(fc.string()), set: fc.constant(new Set([1, 'a'])) }),
)

test('what was packed comes back as it was, through serialization', (t) => {
  const columns = fc.oneof(
    fc.array(anything),
    fc.array(fc.double()),
    fc.array(fc.string()),
    fc.array(fc.record({ n: fc.integer(), sum: fc.double(), text: fc.string() })),
  )
  fc.assert(
    fc.property(columns, (values) => {
      t.deepEqual(unpackColumn(deserialize(serialize(packColumn(values)))), values)
    }),
    { seed: 3 },
  )
})

test('what is packed does not change with the values', (t) => {
  const values = [{ list: [1] }, { list: [2] }]
  const packed = packColumn(values)
  values[0]?.list.push(5)
  t.deepEqual(unpackColumn(packed), [{ list: [1] }, { list: [2] }])
})

test('records with a field called __proto__ come back as they were', (t) => {
  const values = [JSON.parse('{"__proto__": 1, "a": 2}'), JSON.parse('{"__proto__": 3, "a": 4}')]
  const [first] = unpackColumn(packColumn(values))
  t.deepEqual(Object.entries(first as object), [
    ['__proto__', 1],
    ['a', 2],
  ])
})

test('equal-shaped records are serialized as columns, in less room than one by one', (t) => {
  const records = Array.from({ length: 1000 }, (_, n) => ({ n, sum: n / 3 }))
  t.true(serialize(packColumn(records)).length < serialize(records).length * 0.8)
})

test('a blob holds exactly the state, and one of another format is refused', (t) => {
  const state = {
    operators: new Map([['a', { version: 3, state: { x: 1 } }]]),
    extensions: new Map(),
    sources: new Map([['demo', { sequence: 5, offset: { file: 'x' } }]]),
  }
  const blob = packState(state)
  t.like(unpackState(blob), state)
  t.deepEqual(unpackState(structuredClone(blob)).sources.get('demo')?.offset, { file: 'x' })
  const wrong = serialize({ format: 99 })
  const bytes = new Uint8Array(wrong.length)
  bytes.set(wrong)
  t.throws(() => unpackState(bytes.buffer), { code: 'bad-state', message: /format 99/ })
  t.throws(() => unpackState(new ArrayBuffer(5)), { code: 'bad-state', message: /cannot be read/ })
})

test('a blob of the format without versions is read: its states are of version 1', (t) => {
  const sources = new Map([['demo', { sequence: 5 }]])
  const operators = new Map([['a', { x: 1 }]])
  const old = serialize({ format: 1, operators, extensions: new Map([['e', 2]]), sources })
  const state = unpackState(new Uint8Array(old).buffer)
  t.deepEqual([...state.operators], [['a', { version: 1, state: { x: 1 } }]])
  t.deepEqual([...state.extensions], [['e', 2]])
  t.deepEqual([...state.sources], [...sources])
})

test('columns that follow one another are packed as one', (t) => {
  const parts = [
    { values: [1, 2, 3], count: 2 },
    { values: [], count: 0 },
    { values: [4], count: 1 },
  ]
  t.deepEqual(unpackColumn(packParts(parts)), [1, 2, 4])
  t.deepEqual(unpackColumn(packParts([...parts, { values: ['x', null], count: 1 }])), [
    1,
    2,
    4,
    'x',
  ])
  t.deepEqual(unpackColumn(packParts([])), [])
})
