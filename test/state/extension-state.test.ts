import { deserialize, serialize } from 'node:v8'
import test from 'ava'
import { ExtensionState } from '#src/state/extension-state.ts'

class Point {
  x: number
  constructor(x: number) {
    this.x = x
  }
  double(): number {
    return this.x * 2
  }
}

test('unknown keys: getState is undefined, getCounter 0, deleteState does nothing', (t) => {
  const state = new ExtensionState()
  t.is(state.getState('k'), undefined)
  t.is(state.getCounter('k'), 0)
  t.notThrows(() => state.deleteState('k'))
})

test('what was put does not change with the value put or the value got', (t) => {
  const state = new ExtensionState()
  const value = { list: [1, new Map([['a', new Date(5)]])] }
  state.putState('k', value)
  value.list.push(2)
  ;(state.getState('k') as typeof value).list.push(3)
  t.deepEqual(state.getState('k'), { list: [1, new Map([['a', new Date(5)]])] })
})

test('cycles and shared references are kept', (t) => {
  const state = new ExtensionState()
  const value: { self?: unknown; a: object; b?: object } = { a: {} }
  value.self = value
  value.b = value.a
  state.putState('k', value)
  const copy = state.getState('k') as Required<typeof value>
  t.is(copy.self, copy)
  t.is(copy.a, copy.b)
  t.not(copy, value)
})

test('what cannot be kept is refused at once, with key and type, and the old value stays', (t) => {
  const state = new ExtensionState()
  state.putState('k', 1)
  for (const [value, kind] of [
    [() => 1, 'function'],
    [{ deep: [Symbol('s')] }, 'symbol'],
    [new Point(1), 'Point'],
    [new WeakMap(), 'WeakMap'],
  ] as const) {
    const error = t.throws(() => state.putState('k', value), { code: 'state-not-cloneable' })
    t.regex(error.message, new RegExp(`"k".* ${kind} `))
  }
  t.is(state.getState('k'), 1)
})

test('instances of registered classes survive putState and a restart, nested ones too', (t) => {
  const before = new ExtensionState()
  before.registerType('Point', Point)
  before.putState('k', [new Point(3), { at: new Point(4) }])
  const after = new ExtensionState()
  after.restore(deserialize(serialize(before.snapshot())))
  t.throws(() => after.getState('k'), { message: /"k" holds a Point/ })
  after.registerType('Point', Point)
  const [first, second] = after.getState('k') as [Point, { at: Point }]
  t.is(first.double(), 6)
  t.is(second.at.double(), 8)
})

test('a field called __proto__ is a field like any other', (t) => {
  const state = new ExtensionState()
  state.putState('k', JSON.parse('{"__proto__": {"x": 1}}'))
  const value = state.getState('k') as object
  t.true(Object.hasOwn(value, '__proto__'))
  t.is((value as { x?: unknown }).x, undefined)
})

test('counters are exact beyond 2^53, and numbers again below', (t) => {
  const state = new ExtensionState()
  state.incrCounter('n', Number.MAX_SAFE_INTEGER)
  t.is(state.getCounter('n'), Number.MAX_SAFE_INTEGER)
  state.incrCounter('n', 2)
  t.is(state.getCounter('n'), 9007199254740993n)
  state.incrCounter('n', -3n)
  t.is(state.getCounter('n'), 9007199254740990)
})

test('a counter and a state under one key are one; what is no integer is no counter', (t) => {
  const state = new ExtensionState()
  state.putState('n', 5)
  state.incrCounter('n', 1)
  t.is(state.getState('n'), 6)
  state.putState('n', 1.5)
  t.throws(() => state.incrCounter('n', 1), { code: 'state-not-a-counter', message: /"n"/ })
  t.throws(() => state.incrCounter('m', 0.5), { code: 'state-not-a-counter', message: /"m"/ })
  state.deleteState('n')
  t.is(state.getCounter('n'), 0)
})

test('a snapshot does not change with what happens after it', (t) => {
  const state = new ExtensionState()
  state.putState('k', [1])
  const snapshot = state.snapshot()
  state.putState('k', [2])
  state.incrCounter('n', 1)
  t.deepEqual(snapshot, new Map([['k', [1]]]))
})
