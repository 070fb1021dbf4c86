import test from 'ava'
import { cloneStructured } from '#src/sandbox/structured-clone.ts'

test('clones what the platform clones: containers, dates, bytes, expressions, errors', (t) => {
  const value = {
    list: [1, undefined, 'x'],
    map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1n])]]),
    date: new Date(5),
    bytes: Uint8Array.of(1, 2, 3).subarray(1),
    numbers: Float64Array.of(0.5),
    buffer: Uint8Array.of(9).buffer,
    expression: /a+/gi,
    nothing: undefined,
  }
  t.deepEqual(cloneStructured(value), structuredClone(value))
  const error = cloneStructured(new TypeError('no', { cause: { a: 1 } })) as Error
  t.is(error.name, 'TypeError')
  t.is(error.message, 'no')
  t.deepEqual(error.cause, { a: 1 })
})

test('cycles and shared parts stay so', (t) => {
  const part = { n: 1 }
  const value: { a: object; b: object; self?: unknown } = { a: part, b: part }
  value.self = value
  const copy = cloneStructured(value) as typeof value
  t.is(copy.self, copy)
  t.is(copy.a, copy.b)
  t.not(copy.a, part)
})

test('functions and symbols are refused', (t) => {
  t.throws(() => cloneStructured({ f: () => {} }), {
    message: 'structuredClone: a function cannot be cloned',
  })
  t.throws(() => cloneStructured(Symbol('x')), {
    message: 'structuredClone: a symbol cannot be cloned',
  })
})

test('an object of a class of the runtime becomes a record', (t) => {
  const copy = cloneStructured(new AbortController().signal) as object
  t.is(Object.getPrototypeOf(copy), Object.prototype)
  t.deepEqual(Reflect.ownKeys(copy), [])
})
