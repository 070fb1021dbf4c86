import { deserialize, serialize } from 'node:v8'
import test from 'ava'
import fc from 'fast-check'
import { ExtensionState } from '#src/state/extension-state.ts'
import { ExtensionStates } from '#src/state/extension-states.ts'
import { sizeOf } from '#src/state/plain-size.ts'

const small = { keyLength: 10, valueBytes: 1000, totalBytes: 2500 }

interface Step {
  readonly type: 'put' | 'count' | 'delete'
  readonly name: string
  readonly key: string
  readonly value: unknown
}

test('a value, a key and a whole state that are too large are refused with a way out, and what was there stays', (t) => {
  const state = new ExtensionState(small)
  state.putState('a', 'x'.repeat(900))
  const value = t.throws(() => state.putState('a', 'y'.repeat(1000)), { code: 'state-too-large' })
  t.is(
    value.message,
    'state "a": the value takes about 1008 bytes, at most 1000 may be; keep it in parts',
  )
  t.throws(() => state.putState('k'.repeat(11), 1), {
    code: 'state-too-large',
    message: 'a key has 11 characters ("kkkkkkkkkkk…"), at most 10 may be',
  })
  state.putState('b', 'x'.repeat(900))
  t.throws(() => state.putState('c', 'x'.repeat(900)), {
    code: 'state-too-large',
    message: /^state "c": with it all that is kept takes about 2\d+ bytes, at most 2500 may be/,
  })
  t.deepEqual([state.getState('a'), state.getState('c')], ['x'.repeat(900), undefined])
  state.deleteState('b')
  t.notThrows(() => state.putState('c', 'x'.repeat(900)))
})

test('a state knows its size after a restart, and what replaces a value pays only for the difference', (t) => {
  const first = new ExtensionState(small)
  for (let i = 0; i < 100; i++) first.putState('a', new Uint8Array(900))
  first.putState('b', new Uint8Array(900))
  const next = new ExtensionState(small)
  next.restore(deserialize(serialize(first.snapshot())))
  t.throws(() => next.putState('c', new Uint8Array(900)), { code: 'state-too-large' })
  next.deleteState('a')
  t.notThrows(() => next.putState('c', new Uint8Array(900)))
})

test('counters count up to the same bounds', (t) => {
  const state = new ExtensionState({ ...small, totalBytes: 100 })
  for (let i = 0; i < 1000; i++) state.incrCounter('n', 1)
  t.is(state.getCounter('n'), 1000)
  t.throws(
    () => {
      for (let i = 0; i < 100; i++) state.incrCounter(`n${i}`, 1)
    },
    { code: 'state-too-large' },
  )
})

test('a size is no smaller than a quarter of the serialized one, for whatever there is', (t) => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true }), (value) => {
      t.true(sizeOf(value) * 4 >= serialize(value).byteLength - 16)
    }),
  )
})

test('cycles have a size', (t) => {
  const value: { self?: unknown } = {}
  value.self = value
  t.is(sizeOf(value), 16 + 4 + 16)
})

test('whatever is done after a snapshot, a restart from it sees what was there then', (t) => {
  const name = fc.constantFrom('p/function/f', 'p/sink/s', 'q/source/o')
  const key = fc.constantFrom('a', 'b', '__proto__')
  const step = fc.oneof(
    fc.record({ type: fc.constant('put' as const), name, key, value: fc.jsonValue() }),
    fc.record({ type: fc.constant('count' as const), name, key, value: fc.integer() }),
    fc.record({ type: fc.constant('delete' as const), name, key, value: fc.constant(null) }),
  )
  const apply = (states: ExtensionStates, { type, name, key, value }: Step) => {
    const state = states.of(name)
    if (type === 'put') state.putState(key, value)
    else if (type === 'delete') state.deleteState(key)
    else {
      try {
        state.incrCounter(key, value as number)
      } catch {
        state.deleteState(key) // it was no counter
      }
    }
  }
  fc.assert(
    fc.property(fc.array(step), fc.array(step), (before, after) => {
      const running = new ExtensionStates()
      for (const one of before) apply(running, one)
      const snapshot = running.snapshot()
      for (const one of after) apply(running, one)
      const restored = new ExtensionStates()
      restored.restore(deserialize(serialize(snapshot)))
      const replayed = new ExtensionStates()
      for (const one of before) apply(replayed, one)
      for (const extension of ['p/function/f', 'p/sink/s', 'q/source/o']) {
        for (const one of ['a', 'b', '__proto__']) {
          t.deepEqual(restored.of(extension).getState(one), replayed.of(extension).getState(one))
        }
      }
      for (const one of after) apply(restored, one)
      t.deepEqual(plain(restored), plain(running))
    }),
  )
})

function plain(states: ExtensionStates): unknown {
  return new Map([...states.snapshot()].sort(([a], [b]) => (a < b ? -1 : 1)))
}
