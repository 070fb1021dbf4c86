import test from 'ava'
import fc from 'fast-check'
import type { Row } from '#src/operators/operator.ts'
import type { Contents } from '#src/operators/window/contents.ts'
import { GroupContents } from '#src/operators/window/group-contents.ts'
import { GroupsContents } from '#src/operators/window/groups-contents.ts'
import { RowContents } from '#src/operators/window/row-contents.ts'
import { StateWindow } from '#src/operators/window/state.ts'
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
  textOf,
} from './models.ts'

type Test = (row: Row) => boolean

/** Row by row, a list of rows per key. */
function naive(
  rows: readonly Row[],
  { begin, emit }: { begin: Test; emit: Test | undefined },
  keyOf: (row: Row) => unknown,
  made: (rows: readonly Row[], range: Row) => readonly Row[],
): Emission[] {
  const open = new Map<unknown, Row[]>()
  const found: Emission[] = []
  for (const row of rows) {
    const own = open.get(keyOf(row))
    const time = Number(row.t)
    const fire = () => {
      found.push({ rows: made(own ?? [], bounds(Number(own?.[0]?.t), time)), time })
    }
    if (own === undefined) {
      if (begin(row)) open.set(keyOf(row), [row])
    } else if (emit === undefined) {
      if (begin(row)) {
        fire()
        open.set(keyOf(row), [row])
      } else own.push(row)
    } else {
      own.push(row)
      if (emit(row)) {
        fire()
        open.delete(keyOf(row))
      }
    }
  }
  return found
}

const value = (name: string) => (row: Row) => {
  if (row.bad !== undefined) throw new Error('bad')
  return row[name]
}
const begin: Test = ({ v }) => Number(v) > 2
const emit: Test = ({ v }) => Number(v) < -2

const calls = [...compact, ...growing]
const plain = columnsOf(calls, [])
const byKey = columnsOf(calls, ['k'])
const byValue = columnsOf(calls, ['v'])
const rowsOf = (rows: readonly Row[], range: Row) => rows.map((row) => ({ ...row, ...range }))
const groupsOf = (columns: typeof plain) => (rows: readonly Row[], range: Row) => {
  return naiveGroups(columns, rows, range)
}

const forms: Record<string, [readonly string[], () => Contents, typeof rowsOf]> = {
  'for the statement': [[], () => new GroupContents(plain, BOUNDS), groupsOf(plain)],
  'per key': [['k'], () => new GroupContents(byKey, BOUNDS), groupsOf(byKey)],
  'per key with groups': [['k'], () => new GroupsContents(byValue, BOUNDS), groupsOf(byValue)],
  'per key with its rows': [['k'], () => new RowContents(BOUNDS), rowsOf],
}

for (const [name, [partition, contents, made]] of Object.entries(forms)) {
  for (const [form, last] of [
    ['begin and emit', emit],
    ['begin', undefined],
  ] as const) {
    test(`state windows of ${form} agree with a naive model: one ${name}`, (t) => {
      fc.assert(
        fc.property(plays(), (given) => {
          const rows = name.endsWith('rows') ? good(given.rows) : given.rows
          const { emissions, problems } = play(
            (context, id) => {
              const options = { begin, emit: last, partition: partition.map(value) }
              return new StateWindow(id, { ...options, contents: contents() }, context)
            },
            { ...given, rows },
          )
          t.deepEqual(problems, [])
          const keyOf = (row: Row) => textOf(partition.map((each) => row[each]))
          t.deepEqual(emissions, naive(good(rows), { begin, emit: last }, keyOf, made))
        }),
        { seed: 41, numRuns: 100 },
      )
    })
  }
}

test('what FILTER drops neither begins nor ends a window', (t) => {
  const { operator, seen } = bench((context, id) => {
    const options = { begin, emit, partition: [], contents: new RowContents([]) }
    return new StateWindow(id, { ...options, filter: ({ k }) => k === 1 }, context)
  })
  operator.push(batch({ k: 2, v: 5, t: 1 }, { k: 1, v: 0, t: 2 }, { k: 1, v: 5, t: 3 }))
  operator.push(batch({ k: 2, v: -5, t: 4 }, { k: 1, v: -5, t: 5 }))
  t.deepEqual(seen, [
    {
      rows: [
        { k: 1, v: 5, t: 3 },
        { k: 1, v: -5, t: 5 },
      ],
      times: [5, 5],
    },
  ])
})
