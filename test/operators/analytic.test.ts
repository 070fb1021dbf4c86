import test from 'ava'
import { Analytic, type AnalyticColumn } from '#src/operators/analytic.ts'
import type { Row } from '#src/operators/operator.ts'
import { batch, bench, column } from './testing.ts'

test('state is kept per partition, and partitions are compared structurally', (t) => {
  const { operator, batches } = lag({ partition: [column('p'), column('q')] })
  const rows = [
    { p: '1', q: '23', v: 1 },
    { p: '12', q: '3', v: 2 },
    { p: '1', q: '23', v: 3 },
    { p: 1, q: '23', v: 4 },
    { p: '12', q: '3', v: 5 },
  ]
  operator.push(batch(...rows))
  t.deepEqual(
    batches()[0]?.map((row) => row.$0),
    [null, null, 1, null, 2],
  )
})

test('where WHEN is not true the stored value is given and the state stays', (t) => {
  const { operator, batches } = lag({ when: (row: Row) => row.w })
  operator.push(batch({ v: 1, w: true }, { v: 2, w: null }, { v: 3, w: true }))
  t.deepEqual(
    batches()[0]?.map((row) => row.$0),
    [null, 1, 1],
  )
})

test('a row that fails does not touch the state', (t) => {
  const { operator, batches, metrics } = lag({})
  operator.push(batch({ v: 1 }, { bad: 'x', v: 2 }, { v: 3 }))
  t.deepEqual(
    batches()
      .flat()
      .map((row) => row.$0),
    [null, 1],
  )
  t.is(metrics.exceptions, 1)
})

test('a call finds its state by name after a restart, a new one starts anew', (t) => {
  const before = lag({ name: 'lag(v)' })
  before.operator.push(batch({ v: 1 }))
  const saved = structuredClone(before.operator.snapshot())
  before.operator.push(batch({ v: 2 }))
  const after = lag({ name: 'lag(v)' })
  after.operator.restore(saved)
  after.operator.push(batch({ v: 9 }))
  t.deepEqual(
    after.batches()[0]?.map((row) => row.$0),
    [1],
  )
  const other = lag({ name: 'lag(w)' })
  other.operator.restore(saved)
  other.operator.push(batch({ v: 9 }))
  t.deepEqual(
    other.batches()[0]?.map((row) => row.$0),
    [null],
  )
})

function lag(options: Partial<AnalyticColumn>) {
  const analyst = {
    init: () => ({ value: null as unknown }),
    step(state: unknown, value: unknown) {
      const own = state as { value: unknown }
      const before = own.value
      own.value = value
      return before
    },
    peek: (state: unknown) => (state as { value: unknown }).value,
  }
  const call = {
    analyst,
    args: [column('v')],
    partition: [],
    as: '$0',
    name: 'lag',
    partitionName: '',
    ...options,
  }
  return bench((context, id) => new Analytic(id, { columns: [call], expiryMs: 0 }, context))
}
