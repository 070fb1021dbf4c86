import test from 'ava'
import { Filter } from '#src/operators/filter.ts'
import { batch, bench, column } from './testing.ts'

test('a row passes when the predicate is true; false, null and undefined are dropped', (t) => {
  const { operator, batches, metrics } = make()
  operator.push(batch({ ok: true, a: 1 }, { ok: false }, { ok: null }, {}, { ok: 1 }))
  t.deepEqual(batches(), [[{ ok: true, a: 1 }]])
  t.like(metrics, { recordsIn: 5, recordsOut: 1, exceptions: 0 })
})

test('a batch of which nothing passes is not sent at all', (t) => {
  const { operator, seen } = make()
  operator.push(batch({ ok: false }))
  t.deepEqual(seen, [])
})

test('a row that fails is reported in its place and the next ones pass', (t) => {
  const { operator, seen, metrics } = make()
  operator.push(batch({ ok: true, t: 1 }, { bad: 'x', t: 2 }, { ok: true, t: 3 }))
  t.deepEqual(seen, [
    { rows: [{ ok: true, t: 1 }], times: [1] },
    { error: 'bad x', time: 2 },
    { rows: [{ ok: true, t: 3 }], times: [3] },
  ])
  t.like(metrics, { recordsIn: 3, recordsOut: 2, exceptions: 1 })
})

test('time goes on for the operators behind, also when no row passes', (t) => {
  const { operator, seen } = make()
  operator.advance(7)
  t.deepEqual(seen, [{ advanced: 7 }])
})

function make() {
  return bench(
    (context, id) => new Filter(id, { predicate: column('ok'), perBatch: false }, context),
  )
}
