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

/** Each multiple of the interval is the end of a window. */
function naive(
  rows: readonly Row[],
  length: number,
  interval: number,
  emit: (rows: readonly Row[], range: Row) => readonly Row[],
): Emission[] {
  const found: Emission[] = []
  const last = Number(rows.at(-1)?.t ?? 0) + length + interval
  for (let end = 0; end <= last; end += interval) {
    const inWindow = rows.filter(({ t }) => Number(t) >= end - length && Number(t) < end)
    const made = emit(inWindow, bounds(end - length, end))
    if (made.length > 0) found.push({ rows: made, time: end })
  }
  return found
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
        const expected = naive(good(given.rows), length, interval, (rows, range) => {
          return naiveGroups(columns, rows, range)
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
      const expected = naive(given.rows.filter(filter), length, interval, (rows, range) => {
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
  t.deepEqual(seen, [
    {
      rows: [
        { t: 2000, ...bounds(2000, 3000) },
        { t: 2999, ...bounds(2000, 3000) },
      ],
      times: [3000, 3000],
    },
    { advanced: 9000 },
  ])
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
