import test from 'ava'
import fc from 'fast-check'
import type { Row } from '#src/operators/operator.ts'
import type { Contents } from '#src/operators/window/contents.ts'
import { GroupContents } from '#src/operators/window/group-contents.ts'
import { GroupsContents } from '#src/operators/window/groups-contents.ts'
import { RowContents } from '#src/operators/window/row-contents.ts'
import { SessionWindow } from '#src/operators/window/session.ts'
import { batch, bench } from '../testing.ts'
import {
  BOUNDS,
  bounds,
  columnsOf,
  compact,
  good,
  growing,
  naiveGroups,
  play,
  plays,
  textOf,
} from './models.ts'

interface Limits {
  readonly maxMs: number
  readonly timeoutMs: number
}

interface Session {
  readonly rows: Row[]
  readonly range: Row
  readonly end: number
}

/** The sessions of each key, cut where nothing came for so long, and at the first multiple at which one is so old. */
function naive(rows: readonly Row[], { maxMs, timeoutMs }: Limits, keyOf: (row: Row) => unknown) {
  const sessions: Session[] = []
  for (const own of Map.groupBy(rows, keyOf).values()) {
    let current: Row[] = []
    const end = () => {
      const [start, last] = [Number(current[0]?.t), Number(current.at(-1)?.t)]
      return Math.min(last + timeoutMs, Math.ceil((start + maxMs) / maxMs) * maxMs)
    }
    for (const row of [...own, { t: Number.POSITIVE_INFINITY }]) {
      if (current.length > 0 && Number(row.t) >= end()) {
        const range = bounds(Number(current[0]?.t), end())
        sessions.push({ rows: current, range, end: end() })
        current = []
      }
      current.push(row as Row)
    }
  }
  return sessions
}

const limits = fc.record({
  maxMs: fc.integer({ min: 1, max: 120 }),
  timeoutMs: fc.integer({ min: 1, max: 30 }),
})
const value = (name: string) => (row: Row) => {
  if (row.bad !== undefined) throw new Error('bad')
  return row[name]
}

/** Sessions that end at one moment have no order among them that anyone could ask for. */
function ordered(emissions: readonly { rows: readonly Row[]; time: number }[]): unknown {
  const all = emissions.map(({ rows, time }) => ({ rows, time, text: textOf(rows) }))
  return all
    .sort((a, b) => a.time - b.time || (a.text < b.text ? -1 : 1))
    .map(({ rows, time }) => ({ rows, time }))
}

const groupColumns = columnsOf([...compact, ...growing], ['k'])
const plainColumns = columnsOf([...compact, ...growing], [])
const forms: Record<
  string,
  [readonly string[], () => Contents, (rows: Row[], range: Row) => Row[]]
> = {
  'one for the statement': [
    [],
    () => new GroupContents(plainColumns, BOUNDS),
    (rows, range) => naiveGroups(plainColumns, rows, range),
  ],
  'one for the statement, with groups in it': [
    [],
    () => new GroupsContents(groupColumns, BOUNDS),
    (rows, range) => naiveGroups(groupColumns, rows, range),
  ],
  'one per key, which is the group': [
    ['k'],
    () => new GroupContents(groupColumns, BOUNDS),
    (rows, range) => naiveGroups(groupColumns, rows, range),
  ],
  'one per key, with other groups in it': [
    ['v'],
    () => new GroupsContents(groupColumns, BOUNDS),
    (rows, range) => naiveGroups(groupColumns, rows, range),
  ],
  'one per key, with its rows': [
    ['k', 'v'],
    () => new RowContents(BOUNDS),
    (rows, range) => rows.map((row) => ({ ...row, ...range })),
  ],
}

for (const [name, [partition, contents, emit]] of Object.entries(forms)) {
  test(`sessions agree with a naive model: ${name}`, (t) => {
    fc.assert(
      fc.property(plays(), limits, (given, own) => {
        const rows = name.endsWith('rows') ? good(given.rows) : given.rows
        const { emissions, problems } = play(
          (context, id) => {
            const options = { ...own, partition: partition.map(value), contents: contents() }
            return new SessionWindow(id, options, context)
          },
          { ...given, rows },
        )
        t.deepEqual(problems, [])
        const sessions = naive(good(rows), own, (row) => {
          return textOf(partition.map((each) => row[each]))
        })
        const expected = sessions.map((each) => {
          return { rows: emit(each.rows, each.range), time: each.end }
        })
        t.deepEqual(ordered(emissions), ordered(expected))
      }),
      { seed: 31, numRuns: 150 },
    )
  })
}

test('batches, snapshots and the clock do not change the order of sessions that end at one moment', (t) => {
  fc.assert(
    fc.property(plays(), plays(), limits, ({ rows, cuts }, { cuts: others }, own) => {
      const run = (given: typeof cuts) =>
        play(
          (context, id) => {
            const contents = new GroupContents(groupColumns, BOUNDS)
            return new SessionWindow(id, { ...own, partition: [value('k')], contents }, context)
          },
          { rows, cuts: given },
        ).emissions
      t.deepEqual(run(cuts), run(others))
    }),
    { seed: 32, numRuns: 100 },
  )
})

test('a row at the very time-out begins a session of its own', (t) => {
  const { operator, seen } = bench((context, id) => {
    const contents = new RowContents([])
    return new SessionWindow(id, { maxMs: 1000, timeoutMs: 10, partition: [], contents }, context)
  })
  operator.push(batch({ t: 100 }, { t: 109 }, { t: 119 }))
  t.deepEqual(seen, [{ rows: [{ t: 100 }, { t: 109 }], times: [119, 119] }])
  t.is(operator.wakeAt(), 129)
})

test('the maximum is looked at when the clock shows a multiple of it', (t) => {
  const { operator, seen } = bench((context, id) => {
    const contents = new RowContents(['window_end()'])
    return new SessionWindow(id, { maxMs: 2000, timeoutMs: 1000, partition: [], contents }, context)
  })
  const times = [100, 900, 1500, 2100, 2200, 3100, 4000]
  operator.push(batch(...times.map((t) => ({ t }))))
  const ended = times.slice(0, -1)
  t.deepEqual(seen, [
    { rows: ended.map((t) => ({ t, 'window_end()': 4000 })), times: ended.map(() => 4000) },
  ])
})

test('keys whose sessions ended leave nothing behind', (t) => {
  const { operator } = bench((context, id) => {
    const contents = new GroupContents(groupColumns, [])
    return new SessionWindow(
      id,
      { maxMs: 1000, timeoutMs: 10, partition: [value('k')], contents },
      context,
    )
  })
  for (let i = 0; i < 20_000; i++) operator.push(batch({ k: `key ${i}`, v: 1, t: i }))
  const { windows } = operator.snapshot() as { windows: { keys: { size: number } } }
  t.is(windows.keys.size, 10)
})
