import test from 'ava'
import type { Intake } from '#src/operators/intake.ts'
import { Merge } from '#src/operators/merge.ts'
import { Watermark } from '#src/operators/watermark.ts'
import { bench } from './testing.ts'

test('rows wait for the watermark and leave in the order of their timestamps', (t) => {
  const { operator, seen } = watermark(1, 10)
  take(operator, 0, 100, 95, 120, 112)
  t.deepEqual(times(seen), [95, 100])
  t.deepEqual(seen.at(-1), { advanced: 110 })
  operator.reach(0, Number.POSITIVE_INFINITY)
  t.deepEqual(times(seen), [95, 100, 112, 120])
  t.deepEqual(seen.at(-1), { advanced: Number.POSITIVE_INFINITY })
})

test('rows with one timestamp keep their order', (t) => {
  const { operator, seen } = watermark(1, 10)
  for (const n of [1, 2, 3]) operator.take(0, { n }, 100, 100)
  operator.take(0, { n: 4 }, 95, 95)
  operator.reach(0, Number.POSITIVE_INFINITY)
  t.deepEqual(names(seen), [[4, 1, 2, 3]])
})

test('a row behind the watermark is late, one on it is not', (t) => {
  const { operator, seen, late } = watermark(1, 10)
  take(operator, 0, 100, 89, 90)
  t.deepEqual(late, [89])
  t.deepEqual(times(seen), [90])
})

test('the watermark is that of the source furthest behind, and never goes back', (t) => {
  const { operator, seen } = watermark(2, 0)
  take(operator, 0, 100)
  t.deepEqual(seen, [])
  take(operator, 1, 40)
  t.deepEqual(seen.at(-1), { advanced: 40 })
  take(operator, 1, 150, 30)
  t.deepEqual(times(seen), [40, 100])
  t.deepEqual(seen.at(-1), { advanced: 100 })
})

test('what the filter dropped at the source moves the watermark too', (t) => {
  const { operator, seen } = watermark(1, 0)
  take(operator, 0, 10)
  operator.see(0, 20, 20)
  operator.settle()
  t.deepEqual(seen.at(-1), { advanced: 20 })
})

test('the watermark and the rows that wait are in the state', (t) => {
  const before = watermark(1, 10)
  take(before.operator, 0, 100, 95)
  const after = watermark(1, 10)
  after.operator.restore(structuredClone(before.operator.snapshot()))
  take(after.operator, 0, 80, 111)
  t.deepEqual(after.late, [80])
  t.deepEqual(times(after.seen), [95, 100])
})

test('sources are merged by time, then by source, then in their own order', (t) => {
  const { operator, seen } = bench((context, id) => {
    return new Merge(id, { sources: [0, 1], batchRows: 2 }, context)
  })
  operator.take(1, { n: 'b1' }, 5)
  operator.take(1, { n: 'b2' }, 5)
  operator.reach(1, 9)
  operator.take(0, { n: 'a1' }, 5)
  operator.take(0, { n: 'a2' }, 7)
  t.deepEqual(seen, [])
  operator.reach(0, 7)
  t.deepEqual(names(seen), [['a1', 'b1'], ['b2']])
  t.deepEqual(seen.at(-1), { advanced: 7 })
  operator.take(1, { n: 'b3' }, 9)
  operator.reach(0, Number.POSITIVE_INFINITY)
  t.deepEqual(names(seen).slice(2), [['a2']])
  operator.reach(1, Number.POSITIVE_INFINITY)
  t.deepEqual(names(seen).slice(3), [['b3']])
})

function watermark(sources: number, lateToleranceMs: number) {
  const late: number[] = []
  const made = bench((context, id) => {
    const streams = Array.from({ length: sources }, (_, source) => source)
    const options = { streams, lateToleranceMs, batchRows: 1024 }
    return new Watermark(id, { ...options, late: ({ time }) => void late.push(time) }, context)
  })
  return { ...made, late }
}

function take(intake: Intake, source: number, ...at: number[]): void {
  for (const time of at) intake.take(source, { t: time }, time, time)
  intake.settle()
}

type Seen = ReturnType<typeof watermark>['seen']

function times(seen: Seen): number[] {
  return seen.flatMap((each) => ('rows' in each ? each.times : []))
}

function names(seen: Seen): unknown[][] {
  return seen.flatMap((each) => ('rows' in each ? [each.rows.map(({ n }) => n)] : []))
}
