import { isLossless } from '@plutino/sdk/lossless'
import test from 'ava'
import fc from 'fast-check'

const { parse, stringify } = JSON

class Reading {
  value = 1
}

const hidden = Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 2 })

const cases: readonly (readonly [title: string, value: unknown, expected: boolean])[] = [
  ['a row of rows', { a: [1, 'b', { c: null }], d: true, e: -1.5 }, true],
  ['a row without a prototype', Object.assign(Object.create(null), { a: 1 }), true],
  ['a property that is undefined', { a: undefined }, true],
  ['a column named toJSON', { toJSON: 'text' }, true],
  ['an element that is undefined', [1, undefined], false],
  ['an array with a hole', { a: new Array(2) }, false],
  ['a number that is none', { a: Number.NaN }, false],
  ['a number without end', [Number.POSITIVE_INFINITY], false],
  ['a bigint', { a: 1n }, false],
  ['a function', { a: () => 1 }, false],
  ['a symbol', [Symbol('a')], false],
  ['a date', { a: new Date(0) }, false],
  ['bytes', { a: new Uint8Array(2) }, false],
  ['a map', { a: new Map([[1, 2]]) }, false],
  ['a boxed number', { a: Object(1) }, false],
  ['an instance of a class', new Reading(), false],
  ['a method toJSON', { a: 1, toJSON: () => 2 }, false],
  ['a method toJSON that is not listed', hidden, false],
  ['a prototype with toJSON', Object.create({ toJSON: () => 2 }), false],
]

for (const [title, value, expected] of cases) {
  test(`${title} ${expected ? 'is' : 'is not'} what JSON gives back`, (t) => {
    t.is(isLossless(value), expected)
  })
}

test('whatever counts as lossless comes back from JSON as it was', (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSparseArray: true,
    withTypedArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
  })
  let count = 0
  fc.assert(
    fc.property(anything, (value) => {
      if (value === undefined || !isLossless(value)) return
      count++
      t.deepEqual(parse(stringify(value)), asRead(value))
    }),
    { numRuns: 2000 },
  )
  t.true(count > 200, `${count} of them`)
})

/** As JSON reads: no prototypes, no properties that are undefined, one zero. */
function asRead(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asRead)
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value
  const parts = Object.entries(value).filter(([, part]) => part !== undefined)
  return Object.fromEntries(parts.map(([name, part]) => [name, asRead(part)]))
}
