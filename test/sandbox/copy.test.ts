import { runInNewContext } from 'node:vm'
import test from 'ava'
import { BorderError, copyLimits, copyValue } from '#src/sandbox/copy.ts'

const refused = test.macro((t, value: unknown, message: string) => {
  const error = t.throws(() => copyValue(value, 'result'), { instanceOf: BorderError })
  t.is(error?.message, message)
})

test('primitives pass as they are', (t) => {
  for (const value of [1, -0, 'x', true, null, undefined, 12n, Number.NaN]) {
    t.is(copyValue(value, 'result'), value)
  }
})

test('arrays and records come out equal and not the same', (t) => {
  const value = { a: [1, { b: 'x' }], c: null, d: undefined }
  const copy = copyValue(value, 'result') as typeof value
  t.deepEqual(copy, value)
  t.not(copy.a, value.a)
})

test('bytes are copied, not viewed, whatever their prototype says', (t) => {
  const bytes = Buffer.from('abc')
  const copy = copyValue(bytes, 'result') as Uint8Array
  bytes[0] = 0
  t.deepEqual(copy, Uint8Array.of(97, 98, 99))
  t.is(Object.getPrototypeOf(copy), Uint8Array.prototype)
  const disguised = Object.setPrototypeOf(Uint8Array.of(1), Date.prototype)
  t.deepEqual(copyValue(disguised, 'result'), Uint8Array.of(1))
})

test('dates are rebuilt from their slot', (t) => {
  const date = Object.assign(new Date(5), { getTime: () => 7, extra: 1 })
  const copy = copyValue(date, 'result') as Date
  t.is(Object.getPrototypeOf(copy), Date.prototype)
  t.deepEqual(Object.keys(copy), [])
  t.is(copy.getTime(), 5)
  t.deepEqual(copyValue(Object.create(Date.prototype), 'result'), {})
})

test('an instance of a class becomes a record of its own keys', (t) => {
  class Point {
    x = 1
    get y() {
      return 2
    }
  }
  const copy = copyValue(new Point(), 'result') as object
  t.is(Object.getPrototypeOf(copy), Object.prototype)
  t.deepEqual(copy, { x: 1 })
})

test('each property is read once, so a getter cannot answer twice', (t) => {
  let reads = 0
  const value = {
    get a() {
      reads++
      return reads === 1 ? 'first' : () => {}
    },
  }
  t.deepEqual(copyValue(value, 'result'), { a: 'first' })
  t.is(reads, 1)
})

test('a key __proto__ is dropped, and keys of the language are keys like others', (t) => {
  const value = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": 2}, "a": 3}',
  )
  const copy = copyValue(value, 'result') as Record<string, unknown>
  t.deepEqual(Object.keys(copy), ['constructor', 'a'])
  t.is(Object.getPrototypeOf(copy), Object.prototype)
  t.is(copy.polluted, undefined)
})

test('a record of another realm is a record', (t) => {
  t.deepEqual(copyValue(runInNewContext('({ a: [1] })'), 'result'), { a: [1] })
})

test(
  'a function',
  refused,
  { a: [1, { f: () => {} }] },
  'result.a[1].f: a function cannot cross the border',
)
test('a function by itself', refused, () => {}, 'result: a function cannot cross the border')
test('a symbol', refused, Symbol('x'), 'result: a symbol cannot cross the border')
test('a map', refused, { m: new Map() }, 'result.m: a map cannot cross the border')
test(
  'shared memory',
  refused,
  [new SharedArrayBuffer(8)],
  'result[0]: shared memory cannot cross the border',
)
test(
  'other typed arrays',
  refused,
  new Float64Array(1),
  'result: a Float64Array (give a Uint8Array)',
)
test(
  'a proxy that throws',
  refused,
  new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no')
      },
    },
  ),
  'result cannot be read: no',
)
test(
  'a getter that throws',
  refused,
  {
    get a() {
      throw new Error('no')
    },
  },
  'result.a: cannot be read: no',
)
test(
  'a sparse array of any length',
  refused,
  Object.assign([], { length: 4e9 }),
  'result: more elements than a value may have',
)

test('depth is limited', (t) => {
  let value: unknown = 1
  for (let i = 0; i < 200; i++) value = [value]
  t.throws(() => copyValue(value, 'result'), { message: /nested deeper than 100$/ })
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  t.throws(() => copyValue(cycle, 'result'), { message: /nested deeper than 100$/ })
})

test('count is limited over the whole value, so that shared parts cannot multiply', (t) => {
  let value: unknown = Array(10).fill(1)
  for (let i = 0; i < 12; i++) value = Array(10).fill(value)
  t.throws(() => copyValue(value, 'result'), { message: /more elements than a value may have$/ })
})

test('bytes and characters are limited over the whole value', (t) => {
  const limits = { ...copyLimits, bytes: 100 }
  t.throws(() => copyValue(['x'.repeat(60), 'x'.repeat(60)], 'row', limits), {
    message: 'row[1]: more bytes than a value may have',
  })
  t.throws(() => copyValue({ a: new Uint8Array(101) }, 'row', limits), {
    message: 'row.a: more bytes than a value may have',
  })
})
