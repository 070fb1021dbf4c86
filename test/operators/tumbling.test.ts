import test from 'ava'
import fc from 'fast-check'
import type { Row } from '#src/operators/operator.ts'
import { CountWindow } from '#src/operators/window/count.ts'
import { TumblingWindow } from '#src/operators/window/tumbling.ts'
import { TumblingAggregate } from '#src/operators/window/tumbling-aggregate.ts'
import { tumblingSpans } from '#src/operators/window/tumbling-clock.ts'
import { batch, bench, column } from './testing.ts'

const HOUR = 3_600_000
const at = (text: string) => Date.parse(text)

test('windows are aligned to the epoch, their start included and their end not', (t) => {
  const spanOf = tumblingSpans({ lengthMs: 7000, byDays: false, timeZone: 'Europe/Berlin' })
  t.deepEqual(spanOf(0), { start: 0, end: 7000 })
  t.deepEqual(spanOf(6999.5), { start: 0, end: 7000 })
  t.deepEqual(spanOf(7000), { start: 7000, end: 14_000 })
  t.deepEqual(spanOf(-1), { start: -7000, end: 0 })
})

test('days begin at midnight of the zone, and are 23 or 25 hours long when clocks change', (t) => {
  const spanOf = tumblingSpans({ lengthMs: 24 * HOUR, byDays: true, timeZone: 'Europe/Berlin' })
  for (const [noon, start, hours] of [
    ['2024-01-15T12:00:00+01:00', '2024-01-15T00:00:00+01:00', 24],
    ['2024-03-31T12:00:00+02:00', '2024-03-31T00:00:00+01:00', 23],
    ['2024-10-27T12:00:00+01:00', '2024-10-27T00:00:00+02:00', 25],
  ] as const) {
    const span = spanOf(at(noon))
    t.is(span.start, at(start))
    t.is(span.end, at(start) + hours * HOUR)
    t.deepEqual(spanOf(span.start), span)
    t.deepEqual(spanOf(span.end - 1), span)
    t.is(spanOf(span.end).start, span.end)
  }
})

test('several days are counted from 1970-01-01 of the calendar', (t) => {
  const spanOf = tumblingSpans({ lengthMs: 48 * HOUR, byDays: true, timeZone: 'Asia/Shanghai' })
  t.deepEqual(spanOf(at('1970-01-04T23:00:00+08:00')), {
    start: at('1970-01-03T00:00:00+08:00'),
    end: at('1970-01-05T00:00:00+08:00'),
  })
})

test('a window closes when its end is reached, by a row or by the time; an empty one of groups says nothing', (t) => {
  const { operator, seen } = counting(10)
  operator.push(batch({ k: 1, t: 3 }, { k: 1, t: 9 }, { k: 1, t: 10 }))
  operator.advance(19)
  operator.advance(20)
  operator.advance(100)
  t.deepEqual(seen, [
    { rows: [{ k: 1, n: 2, 'window_start()': 0, 'window_end()': 10 }], times: [10] },
    { advanced: 19 },
    { rows: [{ k: 1, n: 1, 'window_start()': 10, 'window_end()': 20 }], times: [20] },
    { advanced: 20 },
    { advanced: 100 },
  ])
})

test('it wants to be told the end of the window that has rows', (t) => {
  const { operator } = counting(10)
  t.is(operator.wakeAt(), Number.POSITIVE_INFINITY)
  operator.push(batch({ k: 1, t: 13 }))
  t.is(operator.wakeAt(), 20)
  operator.advance(20)
  t.is(operator.wakeAt(), Number.POSITIVE_INFINITY)
})

test('a row that fails belongs to no group and makes none', (t) => {
  const { operator, batches, metrics } = counting(10)
  operator.push(batch({ k: 1, t: 1 }, { bad: 'x', k: 2, t: 2 }))
  operator.advance(Number.POSITIVE_INFINITY)
  t.deepEqual(
    batches()[0]?.map(({ k, n }) => ({ k, n })),
    [{ k: 1, n: 1 }],
  )
  t.like(metrics, { recordsIn: 2, recordsOut: 1, exceptions: 1 })
})

test('without dimensions a window in which no row came says so, from the first row on and not behind the last', (t) => {
  const { operator, seen, metrics } = keeping(10)
  operator.advance(5)
  t.is(operator.wakeAt(), Number.POSITIVE_INFINITY)
  operator.push(batch({ t: 13 }))
  operator.advance(20)
  t.is(operator.wakeAt(), 30)
  operator.advance(30)
  const next = keeping(10)
  next.operator.restore(operator.snapshot())
  next.operator.push(batch({ t: 41 }))
  next.operator.advance(50)
  next.operator.advance(Number.POSITIVE_INFINITY)
  t.is(next.operator.wakeAt(), Number.POSITIVE_INFINITY)
  const empty = (time: number) => ({ rows: [], times: [], empty: { time, bounds: bounds(time) } })
  const full = (time: number, row: Row) => ({ rows: [{ ...row, ...bounds(time) }], times: [time] })
  t.deepEqual(seen, [
    { advanced: 5 },
    full(20, { t: 13 }),
    { advanced: 20 },
    empty(30),
    { advanced: 30 },
  ])
  t.deepEqual(next.seen, [
    empty(40),
    full(50, { t: 41 }),
    { advanced: 50 },
    { advanced: Number.POSITIVE_INFINITY },
  ])
  t.like(metrics, { recordsIn: 1, recordsOut: 1 })
})

test('a jump in time is at most 1000 windows without rows', (t) => {
  const { operator, batches } = keeping(10)
  operator.push(batch({ t: 3 }, { t: 1_000_000_007 }))
  t.is(batches().length, 1001)
  t.is(operator.wakeAt(), 1_000_000_010)
})

const keys = fc.constantFrom<unknown>(1, '1', null, undefined, true, 'true', 1n, [1], '[1]', {
  a: 1,
})

test('a tumbling window agrees with a naive model that keeps all rows', (t) => {
  const rows = fc.array(fc.record({ k: keys, wait: fc.integer({ min: 0, max: 12 }) }))
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 25 }), (input, length) => {
      let now = 0
      const all = input.map(({ k, wait }): Row => {
        now += wait
        return { k, t: now }
      })
      const { operator, batches } = counting(length)
      operator.push(batch(...all))
      operator.advance(Number.POSITIVE_INFINITY)
      t.deepEqual(batches(), naive(all, length))
    }),
    { seed: 7, numRuns: 200 },
  )
})

test('a count window agrees with a naive model', (t) => {
  const input = fc.record({
    n: fc.nat(40),
    length: fc.integer({ min: 1, max: 9 }),
    part: fc.nat(8),
  })
  fc.assert(
    fc.property(input, ({ n, length, part }) => {
      const interval = 1 + (part % length)
      const rows = Array.from({ length: n }, (_, t) => ({ t }))
      const { operator, batches } = bench((context, id) => {
        return new CountWindow(id, { length, interval, bounds: [] }, context)
      })
      for (const row of rows) operator.push(batch(row))
      const expected: Row[][] = []
      for (let i = interval; i <= n; i += interval) {
        if (i >= length) expected.push(rows.slice(i - length, i))
      }
      t.deepEqual(batches(), expected)
    }),
    { seed: 7, numRuns: 200 },
  )
})

const BOUNDS = ['window_start()', 'window_end()']

function bounds(end: number): Row {
  return { 'window_start()': end - 10, 'window_end()': end }
}

function keeping(lengthMs: number) {
  const spanOf = tumblingSpans({ lengthMs, byDays: false, timeZone: 'UTC' })
  return bench((context, id) => new TumblingWindow(id, { spanOf, bounds: BOUNDS }, context))
}

function counting(lengthMs: number) {
  const spanOf = tumblingSpans({ lengthMs, byDays: false, timeZone: 'UTC' })
  const count = {
    init: () => 0,
    add: (n: unknown) => (n as number) + 1,
    result: (n: unknown) => n,
  }
  const columns = {
    keys: [{ value: column('k'), as: 'k' }],
    calls: [{ aggregator: count, args: [], as: 'n' }],
    first: [],
  }
  const bounds = ['window_start()', 'window_end()']
  return bench((context, id) => new TumblingAggregate(id, { columns, spanOf, bounds }, context))
}

/** Rows of each window by key, compared as texts that tell kinds apart. */
function naive(rows: readonly Row[], length: number): Row[][] {
  const windows = new Map<number, Map<string, Row>>()
  for (const { k, t } of rows) {
    const start = Math.floor((t as number) / length) * length
    const groups = windows.get(start) ?? new Map<string, Row>()
    windows.set(start, groups)
    const kind =
      typeof k === 'bigint' ? 'number' : k === undefined || k === null ? 'null' : typeof k
    const key = `${kind} ${k === undefined || k === null ? '' : typeof k === 'object' ? JSON.stringify(k) : String(k)}`
    const known = groups.get(key)
    if (known === undefined) {
      groups.set(key, { k, n: 1, 'window_start()': start, 'window_end()': start + length })
    } else known.n = (known.n as number) + 1
  }
  return [...windows.values()].map((groups) => [...groups.values()])
}
