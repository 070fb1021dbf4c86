import test from 'ava'
import fc from 'fast-check'
import type { Row } from '#src/operators/operator.ts'
import { hopClock } from '#src/operators/window/hop-clock.ts'
import { HoppingWindow } from '#src/operators/window/hopping.ts'
import { HoppingAggregate } from '#src/operators/window/hopping-aggregate.ts'
import { hasPanes } from '#src/operators/window/pane-store.ts'
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

const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (text: string) => Date.parse(text)

/**
 * Each multiple of the interval is the end of a window; those behind the first row fire, up to the one in which the last
 * came, and behind it as long as they have rows.
 */
function naive(
  { all, rows }: { all: readonly Row[]; rows: readonly Row[] },
  { length, interval }: { length: number; interval: number },
  emit: (rows: readonly Row[], range: Row) => readonly Row[] | undefined,
): Emission[] {
  const found: Emission[] = []
  if (all.length === 0) return found
  const [first, newest] = [Number(all[0]?.t), Number(all.at(-1)?.t)]
  const own = (Math.floor(newest / interval) + 1) * interval
  const start = (Math.floor(first / interval) + 1) * interval
  for (let end = start; end <= newest + length + interval; end += interval) {
    const inWindow = rows.filter(({ t }) => Number(t) >= end - length && Number(t) < end)
    if (inWindow.length === 0 && end > own) continue
    const made = emit(inWindow, bounds(end - length, end))
    if (made !== undefined) found.push({ rows: made, time: end })
  }
  return found
}

/** The compact calls over no rows. */
const nothing = {
  since: null,
  n: 0,
  sum: null,
  avg: null,
  max: null,
  min: null,
  last_value: null,
  positive: null,
}

const lengths = fc.record({
  length: fc.integer({ min: 1, max: 60 }),
  interval: fc.integer({ min: 1, max: 40 }),
})

for (const keys of [[], ['k']]) {
  test(`panes give what all windows give that are aggregated one by one, by ${keys.length} keys`, (t) => {
    const columns = columnsOf(compact, keys)
    fc.assert(
      fc.property(plays(), lengths, (given, { length, interval }) => {
        const clock = hopClock({
          lengthMs: length,
          intervalMs: interval,
          byDays: false,
          timeZone: 'UTC',
        })
        const { emissions, problems } = play((context, id) => {
          return new HoppingAggregate(id, { columns, clock, bounds: BOUNDS }, context)
        }, given)
        t.deepEqual(problems, [])
        const fed = { all: given.rows, rows: good(given.rows) }
        const expected = naive(fed, { length, interval }, (rows, range) => {
          if (rows.length > 0) return naiveGroups(columns, rows, range)
          return keys.length === 0 ? [{ ...nothing, ...range }] : undefined
        })
        t.deepEqual(emissions, expected)
      }),
      { seed: 11, numRuns: 400 },
    )
  })
}

test('a window that keeps rows emits each of them in every window in which it lies', (t) => {
  fc.assert(
    fc.property(plays(), lengths, (given, { length, interval }) => {
      const clock = hopClock({
        lengthMs: length,
        intervalMs: interval,
        byDays: false,
        timeZone: 'UTC',
      })
      const filter = ({ v }: Row) => v !== null
      const { emissions, problems } = play((context, id) => {
        return new HoppingWindow(id, { clock, filter, bounds: BOUNDS }, context)
      }, given)
      t.deepEqual(problems, [])
      const fed = { all: given.rows, rows: given.rows.filter(filter) }
      const expected = naive(fed, { length, interval }, (rows, range) => {
        return rows.map((row) => ({ ...row, ...range }))
      })
      t.deepEqual(emissions, expected)
    }),
    { seed: 12, numRuns: 300 },
  )
})

test('a hop has two panes at most, whatever the length', (t) => {
  const clock = hopClock({ lengthMs: 7, intervalMs: 5, byDays: false, timeZone: 'UTC' })
  t.is(clock.hopOf(10), 3)
  t.is(clock.endOf(3), 15)
  t.is(clock.startOf(3), 8)
  t.is(clock.splitOf(2), 8)
  t.is(clock.firstPane(3), 5)
})

test('windows that leave gaps start their length before their end', (t) => {
  const clock = hopClock({ lengthMs: 1000, intervalMs: 3000, byDays: false, timeZone: 'UTC' })
  const { operator, seen } = bench((context, id) => {
    return new HoppingWindow(id, { clock, bounds: BOUNDS }, context)
  })
  operator.push(batch({ t: 1999 }, { t: 2000 }, { t: 2999 }, { t: 3000 }))
  operator.advance(9000)
  operator.advance(Number.POSITIVE_INFINITY)
  t.deepEqual(seen, [
    {
      rows: [
        { t: 2000, ...bounds(2000, 3000) },
        { t: 2999, ...bounds(2000, 3000) },
      ],
      times: [3000, 3000],
    },
    { rows: [], times: [], empty: { time: 6000, bounds: bounds(5000, 6000) } },
    { rows: [], times: [], empty: { time: 9000, bounds: bounds(8000, 9000) } },
    { advanced: 9000 },
    { advanced: Number.POSITIVE_INFINITY },
  ])
})

test('a jump in time is at most 1000 windows without rows', (t) => {
  const clock = hopClock({ lengthMs: 10, intervalMs: 10, byDays: false, timeZone: 'UTC' })
  const columns = columnsOf(compact, [])
  for (const { operator, batches } of [
    bench((context, id) => new HoppingWindow(id, { clock, bounds: [] }, context)),
    bench((context, id) => new HoppingAggregate(id, { columns, clock, bounds: [] }, context)),
  ]) {
    operator.push(batch({ v: 1, t: 3 }, { v: 2, t: 1_000_000_007 }))
    t.is(batches().length, 1001)
    t.is(operator.wakeAt(), 1_000_000_010)
    operator.advance(1_000_000_020)
    t.is(batches().length, 1003)
  }
})

test('days end at midnight of the zone, also where clocks change', (t) => {
  const clock = hopClock({
    lengthMs: 2 * DAY,
    intervalMs: DAY,
    byDays: true,
    timeZone: 'Europe/Berlin',
  })
  const window = clock.hopOf(at('2024-03-31T12:00:00+02:00'))
  t.is(clock.endOf(window), at('2024-04-01T00:00:00+02:00'))
  t.is(clock.startOf(window), at('2024-03-30T00:00:00+01:00'))
  t.is(clock.endOf(window) - clock.startOf(window), 47 * HOUR)
})

test('what grows with its rows has no panes', (t) => {
  t.true(hasPanes(columnsOf(compact, [])))
  for (const call of growing) t.false(hasPanes(columnsOf([call], [])), call.as)
})

test('groups that are gone leave nothing behind', (t) => {
  const clock = hopClock({ lengthMs: 20, intervalMs: 10, byDays: false, timeZone: 'UTC' })
  const columns = columnsOf(compact, ['k'])
  const { operator } = bench((context, id) => {
    return new HoppingAggregate(id, { columns, clock, bounds: [] }, context)
  })
  for (let i = 0; i < 5000; i++) operator.push(batch({ k: `key ${i}`, v: 1, t: i }))
  const { closed } = operator.snapshot() as { closed: { keys: { size: number } } }
  t.true(closed.keys.size <= 20, `${closed.keys.size} keys`)
})
