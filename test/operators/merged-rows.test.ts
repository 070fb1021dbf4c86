import test from 'ava'
import { MergedRows } from '#src/operators/merged-rows.ts'
import type { Batch } from '#src/operators/operator.ts'

/** The rows that may go on now, in their batches. */
function released(rows: MergedRows, most = 10): unknown[][] {
  const batches: unknown[][] = []
  const push = (batch: Batch) => {
    batches.push(batch.rows.map(({ name }) => name))
  }
  rows.release(most, { push, advance() {} })
  return batches
}

function held(): MergedRows {
  const rows = new MergedRows({ sources: [0, 2], tables: [2] })
  rows.add({ name: 'a' }, 5, 0)
  rows.add({ name: 'b' }, 7, 0)
  rows.add({ name: 'table' }, 5, 2)
  return rows
}

test('rows wait until every source has passed their time, and those of tables come first of one time', (t) => {
  const rows = held()
  t.true(rows.reach(0, 100))
  t.deepEqual(released(rows), [])
  t.true(rows.reach(2, 5))
  t.deepEqual(released(rows), [])
  t.is(rows.wakeAt(), 6)
  t.true(rows.reach(2, 6))
  t.deepEqual(released(rows), [['table', 'a']])
  t.true(rows.hasOf(0))
  t.false(rows.hasOf(2))
})

test('a source is not reached twice at one time, and never goes back', (t) => {
  const rows = held()
  t.true(rows.reach(0, 5))
  t.false(rows.reach(0, 5))
  t.false(rows.reach(0, 4))
  t.deepEqual(rows.reached, [5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
})

test('when all sources have ended, all goes on, in batches of at most so many', (t) => {
  const rows = held()
  for (const source of [0, 2]) rows.reach(source, Number.POSITIVE_INFINITY)
  t.deepEqual(released(rows, 2), [['table', 'a'], ['b']])
  t.is(rows.wakeAt(), Number.POSITIVE_INFINITY)
})

test('what waits, and how far each source was, is there again after a restart', (t) => {
  const before = held()
  before.reach(0, 8)
  const after = new MergedRows({ sources: [0, 2], tables: [2] })
  after.restore(structuredClone(before.snapshot()))
  t.false(after.reach(0, 8))
  after.reach(2, 8)
  t.deepEqual(released(after), [['table', 'a', 'b']])
})
