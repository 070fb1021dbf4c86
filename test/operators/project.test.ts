import test from 'ava'
import { computed } from '#src/operators/compute.ts'
import { Project } from '#src/operators/project.ts'
import { batch, bench, column } from './testing.ts'

test('each row becomes the one that the record maker makes of it', (t) => {
  const { operator, seen, metrics } = make()
  operator.push(batch({ a: 1, t: 5 }, { a: 2, t: 6 }))
  t.deepEqual(seen, [{ rows: [{ b: 1 }, { b: 2 }], times: [5, 6] }])
  t.like(metrics, { recordsIn: 2, recordsOut: 2 })
})

test('absorbed rows are not kept: one scratch row serves them all', (t) => {
  const { operator, batches } = make()
  const scratch = { a: 1 }
  operator.absorb(scratch, 0)
  scratch.a = 2
  operator.absorb(scratch, 0)
  operator.settle()
  t.deepEqual(batches(), [[{ b: 1 }, { b: 2 }]])
})

test('a row that fails is reported in its place and the next ones pass', (t) => {
  const { operator, seen } = make()
  operator.push(batch({ a: 1 }, { bad: 'x' }, { a: 3 }))
  t.deepEqual(seen, [
    { rows: [{ b: 1 }], times: [0] },
    { error: 'bad x', time: 0 },
    { rows: [{ b: 3 }], times: [0] },
  ])
})

test('computed columns come beside the others, and the row given stays as it was', (t) => {
  const { operator, batches } = bench((context, id) => {
    const record = computed([{ value: column('a'), as: '$0' }])
    return new Project(id, { record, perBatch: false }, context)
  })
  const row = { a: 1 }
  operator.push(batch(row))
  t.deepEqual(batches(), [[{ a: 1, $0: 1 }]])
  t.deepEqual(row, { a: 1 })
})

function make() {
  const a = column('a')
  return bench(
    (context, id) =>
      new Project(id, { record: (row) => ({ b: a(row) }), perBatch: false }, context),
  )
}
