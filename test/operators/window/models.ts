import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Aggregator } from '#src/functions/declaration.ts'
import { distinct } from '#src/operators/distinct.ts'
import type { AggregateColumn, GroupColumns, NamedValue } from '#src/operators/group-columns.ts'
import type { Operator, OperatorContext, OperatorId, Row } from '#src/operators/operator.ts'
import { bench } from '../testing.ts'

/** One emission: its rows, its time. */
export interface Emission {
  readonly rows: readonly Row[]
  readonly time: number
}

export const BOUNDS = ['window_start()', 'window_end()', 'window_trigger()']

export function bounds(start: number, end: number): Row {
  return { 'window_start()': start, 'window_end()': end, 'window_trigger()': end }
}

/** What the operators under test do with a stream: rows with their times, in order. */
export interface Play {
  readonly rows: readonly Row[]
  /** Where the stream is cut: a number of rows, and what happens there. */
  readonly cuts: readonly Cut[]
}

export type Cut = { readonly rows: number; readonly at: 'batch' | 'snapshot' | 'advance' }

const key = fc.constantFrom<unknown>('a', 'b', 1, '1', null)
const whole = fc.integer({ min: -9, max: 9 })
/** Now and then a value that is kept as a number no longer. */
const number = fc.oneof(
  { weight: 20, arbitrary: whole },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(2n ** 60n, -(2n ** 61n)) },
)

/** Rows `{k, v, t}` with times that often are equal, now and then far apart. */
export function plays(wait = 12): fc.Arbitrary<Play> {
  const waits = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: wait }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: wait * 20 }) },
  )
  const row = fc.record({ k: key, v: number, wait: waits, bad: fc.integer({ min: 0, max: 30 }) })
  const cut = fc.record({
    rows: fc.integer({ min: 1, max: 30 }),
    at: fc.constantFrom<Cut['at']>('batch', 'snapshot', 'advance'),
  })
  return fc.record({
    rows: fc.array(row, { maxLength: 150, size: 'max' }).map((all) => {
      let t = 1000
      return all.map(({ k, v, wait: by, bad }): Row => {
        t += by
        return bad === 0 ? { k, v, t, bad: 'x' } : { k, v, t }
      })
    }),
    cuts: fc.array(cut, { minLength: 1, maxLength: 20 }),
  })
}

/** Feeds the stream in those pieces; a snapshot is restored in an operator of its own, which goes on. */
export function play(make: (context: OperatorContext, id: OperatorId) => Operator, given: Play) {
  let current = bench(make)
  const emissions: Emission[] = []
  const problems: string[] = []
  const collect = () => {
    let last = Number.NEGATIVE_INFINITY
    for (const seen of current.seen) {
      if (!('rows' in seen)) continue
      if (seen.times.some((time) => time !== seen.times[0])) problems.push('times differ')
      if ((seen.empty?.time ?? (seen.times[0] as number)) < last) problems.push('times go back')
      last = seen.empty?.time ?? (seen.times[0] as number)
      emissions.push({ rows: seen.rows.map((row) => ({ ...row })), time: last })
    }
  }
  let at = 0
  for (let i = 0; at < given.rows.length; i++) {
    const cut = given.cuts[i % given.cuts.length] as Cut
    const rows = given.rows.slice(at, at + cut.rows)
    at += rows.length
    const times = rows.map(({ t }) => t as number)
    current.operator.push({ rows, times })
    if (cut.at === 'advance') {
      const wake = current.operator.wakeAt()
      const now = times.at(-1) as number
      const next = (given.rows[at]?.t as number | undefined) ?? now
      const before = count(current.seen)
      if (wake > next) {
        current.operator.advance(next)
        if (count(current.seen) !== before) problems.push('emits before it wants to be woken')
      } else current.operator.advance(wake)
    }
    if (cut.at === 'snapshot') {
      const state = deserialize(serialize(current.operator.snapshot())) as unknown
      collect()
      current = bench(make)
      if (state !== undefined) current.operator.restore(state)
    }
  }
  const wake = current.operator.wakeAt()
  if (Number.isFinite(wake)) current.operator.advance(wake)
  current.operator.advance(Number.POSITIVE_INFINITY)
  collect()
  if (current.operator.wakeAt() !== Number.POSITIVE_INFINITY) problems.push('wants to be woken')
  return { emissions, problems }
}

function count(seen: readonly object[]): number {
  return seen.filter((each) => 'rows' in each).length
}

/** A column of the row; throws for rows that are marked as bad. */
function column(name: string): (row: Row) => unknown {
  return (row) => {
    if (row.bad !== undefined) throw new Error('bad')
    return row[name]
  }
}

const functions = builtInFunctions()

function aggregator(name: string, args = 1): Aggregator<unknown> {
  const declaration = functions.lookup(name)
  if (declaration?.kind !== 'aggregate') throw new Error(`no aggregate ${name}`)
  const known = { dataType: { type: 'any' }, literal: undefined } as never
  const environment = { ruleId: 'r', startedAt: 0, timeZone: 'UTC', now: () => 0, props: {} }
  return declaration.make(
    environment,
    Array.from({ length: args }, () => known),
  )
}

const value = column('v')

function call(name: string, as = name, more: Partial<AggregateColumn> = {}): AggregateColumn {
  return { aggregator: aggregator(name), args: [value], as, ...more }
}

/** Calls of all kinds: joined or not, with a filter, without an argument. */
export const compact: readonly AggregateColumn[] = [
  { aggregator: aggregator('count', 0), args: [], as: 'n' },
  call('sum'),
  call('avg'),
  call('max'),
  call('min'),
  call('last_value'),
  call('sum', 'positive', {
    filter: (row) => (row.v as number | null) !== null && Number(row.v) > 0,
  }),
]

export const growing: readonly AggregateColumn[] = [
  call('collect'),
  call('median'),
  { aggregator: distinct(aggregator('count')), args: [value], as: 'different' },
]

export function columnsOf(
  calls: readonly AggregateColumn[],
  keys: readonly string[],
): GroupColumns {
  const named = (name: string): NamedValue => ({ value: column(name), as: name })
  return {
    keys: keys.map(named),
    calls,
    first: [{ value: column('t'), as: 'since' }],
    keepFirst: ({ v }) => ({ v }),
  }
}

/** The rows that a window over these rows emits: groups in order of appearance, all calls from nothing. */
export function naiveGroups(columns: GroupColumns, rows: readonly Row[], range: Row): Row[] {
  const groups = Map.groupBy(rows, (row) => textOf(columns.keys.map(({ value: of }) => of(row))))
  return [...groups.values()].map((group) => {
    const [first] = group as [Row]
    const made: Row = { ...columns.keepFirst?.(first) }
    for (const { as, value: of } of [...columns.keys, ...columns.first]) made[as] = of(first)
    for (const { aggregator: own, args, filter, as } of columns.calls) {
      const counted = group.filter((row) => filter === undefined || filter(row) === true)
      const total = counted.reduce(
        (sum, row) => own.add(sum, ...args.map((of) => of(row))),
        own.init(),
      )
      made[as] = own.result(total)
    }
    return { ...made, ...range }
  })
}

/** JSON, in which whole numbers beyond 53 bits are told from others. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}

/** Rows that no expression fails for. */
export function good(rows: readonly Row[]): Row[] {
  return rows.filter(({ bad }) => bad === undefined)
}
