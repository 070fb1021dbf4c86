import test from 'ava'
import fc from 'fast-check'
import type { Row } from '#src/operators/operator.ts'
import { SlidingWindow } from '#src/operators/window/sliding.ts'
import { SlidingAggregate } from '#src/operators/window/sliding-aggregate.ts'
import { batch, bench } from '../testing.ts'
import {
  BOUNDS,
  bounds,
  columnsOf,
  compact,
  type Emission,
  good,
  growing,
  naiveGroups,
  play,
  plays,
} from './models.ts'

interface Span {
  readonly lengthMs: number
  readonly delayMs: number
  readonly sendTwice: boolean
}

/** Every row that matches fires when it came, or when all rows up to its time and the delay are there. */
function naive(
  rows: readonly Row[],
  { lengthMs, delayMs, sendTwice }: Span,
  when: (row: Row) => boolean,
  emit: (rows: readonly Row[], range: Row) => readonly Row[],
): Emission[] {
  const fired: { order: number; emission: Emission }[] = []
  for (const [i, row] of rows.entries()) {
    if (!when(row)) continue
    const time = Number(row.t)
    const end = time + delayMs
    const start = time - lengthMs
    const from = rows.slice(0, i + 1).filter(({ t }) => Number(t) >= start)
    const behind = rows.filter(({ t }) => Number(t) > start && Number(t) <= end)
    const later = rows.findIndex(({ t }) => Number(t) > end)
    const early = { rows: emit(from, bounds(start, time)), time }
    const late = { rows: emit(behind, bounds(start, end)), time: end }
    if (delayMs === 0 || sendTwice) fired.push({ order: i + 0.5, emission: early })
    if (delayMs > 0) fired.push({ order: later < 0 ? rows.length : later, emission: late })
  }
  const sorted = fired.sort((a, b) => a.order - b.order).map(({ emission }) => emission)
  return sorted.filter((emission) => emission.rows.length > 0)
}

const spans = fc.record({
  lengthMs: fc.integer({ min: 1, max: 300 }),
  delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
  sendTwice: fc.boolean(),
})
const rare = fc.boolean()
const isWanted = (isRare: boolean) => (row: Row) => !isRare || Number(row.v) > 5

for (const keys of [[], ['k']]) {
  for (const [name, calls] of [
    ['that are joined', compact],
    ['of all kinds', [...compact, ...growing]],
  ] as const) {
    test(`two stacks give what each window gives by itself: calls ${name}, ${keys.length} keys`, (t) => {
      const columns = columnsOf(calls, keys)
      fc.assert(
        fc.property(plays(), spans, rare, (given, span, isRare) => {
          const when = isWanted(isRare)
          const { emissions, problems } = play((context, id) => {
            const options = { ...span, when, columns, bounds: BOUNDS }
            return new SlidingAggregate(id, options, context)
          }, given)
          t.deepEqual(problems, [])
          const expected = naive(good(given.rows), span, when, (rows, range) => {
            return naiveGroups(columns, rows, range)
          })
          t.deepEqual(emissions, expected)
        }),
        { seed: 21, numRuns: 150 },
      )
    })
  }
}

test('rows that WHERE drops trigger the window, and do not count', (t) => {
  const columns = columnsOf(compact, ['k'])
  const where = ({ v }: Row) => Number(v) > 0
  fc.assert(
    fc.property(plays(), spans, (given, span) => {
      const rows = good(given.rows)
      const { emissions } = play(
        (context, id) => {
          const options = { ...span, where, columns, bounds: BOUNDS }
          return new SlidingAggregate(id, options, context)
        },
        { ...given, rows },
      )
      const expected = naive(
        rows,
        span,
        () => true,
        (inWindow, range) => {
          return naiveGroups(columns, inWindow.filter(where), range)
        },
      )
      t.deepEqual(emissions, expected)
    }),
    { seed: 22, numRuns: 150 },
  )
})

test('a window that keeps rows emits those of its length before, and of its delay behind', (t) => {
  fc.assert(
    fc.property(plays(), spans, rare, (given, span, isRare) => {
      const when = isWanted(isRare)
      const filter = ({ k }: Row) => k !== null
      const { emissions, problems } = play((context, id) => {
        return new SlidingWindow(id, { ...span, filter, when, bounds: BOUNDS }, context)
      }, given)
      t.deepEqual(problems, [])
      const expected = naive(given.rows.filter(filter), span, when, (rows, range) => {
        return rows.map((row) => ({ ...row, ...range }))
      })
      t.deepEqual(emissions, expected)
    }),
    { seed: 23, numRuns: 150 },
  )
})

test('a delayed window waits for rows at its very end, and asks to be woken behind it', (t) => {
  const { operator, seen } = bench((context, id) => {
    const options = { lengthMs: 10, delayMs: 5, sendTwice: false, bounds: [] }
    return new SlidingWindow(id, { ...options, when: ({ w }) => w === true }, context)
  })
  operator.push(batch({ t: 100, w: true }, { t: 105 }))
  t.is(operator.wakeAt(), 106)
  operator.advance(105)
  operator.advance(106)
  t.deepEqual(seen, [
    { advanced: 105 },
    { rows: [{ t: 100, w: true }, { t: 105 }], times: [105, 105] },
    { advanced: 106 },
  ])
  t.is(operator.wakeAt(), Number.POSITIVE_INFINITY)
})

test('long windows give what they would without batches and snapshots', (t) => {
  const columns = columnsOf(compact, ['k'])
  const rows = Array.from({ length: 6000 }, (_, i): Row => {
    return { k: i % 7 < 5 ? 'a' : 'b', v: (i * 7919) % 101, t: 1000 + i }
  })
  const span = { lengthMs: 2500, delayMs: 0, sendTwice: false }
  const when = ({ t: at }: Row) => Number(at) % 97 === 0
  const cuts = [
    { rows: 700, at: 'snapshot' },
    { rows: 333, at: 'batch' },
  ] as const
  const { emissions, problems } = play(
    (context, id) => {
      return new SlidingAggregate(id, { ...span, when, columns, bounds: BOUNDS }, context)
    },
    { rows, cuts },
  )
  t.deepEqual(problems, [])
  const expected = naive(rows, span, when, (inWindow, range) => {
    return naiveGroups(columns, inWindow, range)
  })
  t.deepEqual(emissions, expected)
})

test('rows that no window asks for any more are dropped, also when it never fires', (t) => {
  const columns = columnsOf(compact, ['k'])
  const { operator } = bench((context, id) => {
    const options = { lengthMs: 50, delayMs: 0, sendTwice: false, bounds: [] }
    return new SlidingAggregate(id, { ...options, columns, when: () => false }, context)
  })
  for (let i = 0; i < 20_000; i++) operator.push(batch({ k: `key ${i % 3000}`, v: 1, t: i }))
  const { store } = operator.snapshot() as { store: { times: { values: Float64Array } } }
  t.true(store.times.values.length < 3000, `${store.times.values.length} rows`)
})
