import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { packState, unpackState } from '#src/state/state-blob.ts'
import { collect, feed, flowOf, payloads, planOf } from './rule.ts'

const functions = builtInFunctions()
const SQL = `SELECT k, lag(v) OVER (PARTITION BY k) AS before, count(*) AS n FROM demo
  GROUP BY k, HOPPINGWINDOW(ss, 2, 1)`

function row(v: number, time: number) {
  return { payload: { k: 'a', v }, time }
}

test('a state that another version of its operator wrote is dropped by name; the others are restored', (t) => {
  const plan = planOf(SQL, { functions })
  const first = flowOf(plan, { functions })
  collect(first, feed([row(1, 0), row(2, 500)]))
  const saved = unpackState(first.snapshot().state)
  const [window = ''] = [...saved.operators.keys()].filter((id) => id.startsWith('aggregate-'))
  const version = saved.operators.get(window)?.version
  t.is(version, 2)
  const operators = new Map(saved.operators)
  operators.set(window, { version: 1, state: { another: 'layout' } })
  const next = flowOf(plan, { functions })
  t.deepEqual(next.restore(packState({ ...saved, operators })), [
    `${window} (of version 1, this server reads 2)`,
  ])
  const { emissions } = collect(next, feed([row(3, 900)], { first: 3, end: true }))
  // lag goes on, the window starts anew
  t.deepEqual(payloads(emissions), [[{ k: 'a', before: 2, n: 1 }], [{ k: 'a', before: 2, n: 1 }]])
})

test('the state of the same version is restored', (t) => {
  const plan = planOf(SQL, { functions })
  const first = flowOf(plan, { functions })
  collect(first, feed([row(1, 0), row(2, 500)]))
  const next = flowOf(plan, { functions })
  t.deepEqual(next.restore(first.snapshot().state), [])
  const { emissions } = collect(next, feed([row(3, 900)], { first: 3, end: true }))
  t.deepEqual(payloads(emissions), [[{ k: 'a', n: 3 }], [{ k: 'a', n: 3 }]])
})
