import type { InputRow } from './rows.ts'
import { LAST_KEY } from './rows.ts'

export type Line = Readonly<Record<string, unknown>>

/**
 * What a rule does with its rows, said twice: as SQL, and as a naive function of all rows.
 */
export interface Shape {
  readonly sql: (stream: string, extra: string) => string
  readonly options?: Readonly<Record<string, unknown>>
  /** All lines that come of these rows, in their order; `undefined`: it depends on when they came. */
  readonly lines?: (rows: readonly InputRow[]) => readonly Line[]
  /** Which rows stand behind a line. */
  readonly numbers: (line: Line) => readonly number[]
  /** Which rows have to come out. */
  readonly takes: (row: InputRow) => boolean
  /** Columns that follow from one row alone, so that they hold even where rows may come twice. */
  readonly ofOneRow?: readonly string[]
  /** What is wrong with a line by itself. */
  readonly fault?: (line: Line, rows: ReadonlyMap<number, InputRow>) => string | undefined
  readonly usesPlugin?: boolean
  readonly usesTable?: boolean
}

const number = (line: Line) => [Number(line.n)]
const all = () => true

export const shapes: Readonly<Record<string, Shape>> = {
  copy: {
    sql: (stream, extra) => `SELECT n, k, v${extra} FROM ${stream} WHERE v < 80`,
    lines: (rows) => rows.filter(({ v }) => v < 80).map(({ n, k, v }) => ({ n, k, v })),
    numbers: number,
    takes: ({ v }) => v < 80,
    ofOneRow: ['n', 'k', 'v'],
  },
  analytic: {
    sql: (stream, extra) =>
      `SELECT n, lag(n, 1, 0) OVER (PARTITION BY k) AS before, acc_sum(v) AS total${extra} FROM ${stream}`,
    lines: analyticLines,
    numbers: number,
    takes: all,
    ofOneRow: ['n'],
  },
  lookup: {
    sql: (stream, extra) =>
      `SELECT ${stream}.n AS n, names.name AS name${extra} FROM ${stream} INNER JOIN names ON ${stream}.k = names.k`,
    lines: (rows) => rows.filter(hasName).map(({ n, k }) => ({ n, name: nameOf(k) })),
    numbers: number,
    takes: hasName,
    ofOneRow: ['n', 'name'],
    usesTable: true,
  },
  counted: {
    sql: (stream, extra) => `${grouped(extra)} FROM ${stream} GROUP BY k, COUNTWINDOW(20)`,
    lines: (rows) => {
      const lines: Line[] = []
      for (let at = 0; at + 20 <= rows.length; at += 20) {
        lines.push(...groups(rows.slice(at, at + 20)))
      }
      return lines
    },
    numbers: collected,
    takes: all,
    fault: sumFault,
  },
  timed: {
    sql: (stream, extra) =>
      `${grouped(`, window_start() AS w${extra}`)} FROM ${stream} WHERE k != "${LAST_KEY}" GROUP BY k, TUMBLINGWINDOW(ss, 2)`,
    options: { isEventTime: true, lateTolerance: '1s' },
    lines: (rows) => eventLines(rows, 2000, 2000),
    numbers: collected,
    takes: ({ k }) => k !== LAST_KEY,
    fault: sumFault,
  },
  hopping: {
    sql: (stream, extra) =>
      `${grouped(`, window_start() AS w${extra}`)} FROM ${stream} WHERE k != "${LAST_KEY}" GROUP BY k, HOPPINGWINDOW(ss, 4, 2)`,
    options: { isEventTime: true, lateTolerance: '1s' },
    lines: (rows) => eventLines(rows, 4000, 2000),
    numbers: collected,
    takes: ({ k }) => k !== LAST_KEY,
    fault: sumFault,
  },
  clocked: {
    sql: (stream, extra) =>
      `${grouped(`, window_start() AS w${extra}`)} FROM ${stream} GROUP BY k, TUMBLINGWINDOW(ms, 700)`,
    numbers: collected,
    takes: all,
    fault: sumFault,
  },
  plugin: {
    sql: (stream, extra) => `SELECT n, tally(v, x, till) AS t${extra} FROM ${stream}`,
    lines: (rows) => {
      let t = 0
      return rows.filter(({ x }) => x !== 'throw').map(({ n }) => ({ n, t: ++t }))
    },
    numbers: number,
    takes: ({ x }) => x !== 'throw',
    ofOneRow: ['n'],
    usesPlugin: true,
  },
}

/** The plugin's function: counts in its state how often it was called, unless the row is one that makes trouble. */
export const tallyCode = `exports.tally = {
  validate() {},
  isAggregate: () => false,
  exec([v, x, till], ctx) {
    if (x === 'throw') throw new Error('a row that throws')
    if (x === 'hang') while (Date.now() < till);
    if (x === 'kill') for (const all = []; ; ) all.push(new Array(100000).fill(v + all.length))
    ctx.incrCounter('rows', 1)
    return ctx.getCounter('rows')
  },
}`

export function nameOf(k: string): string {
  return `name of ${k}`
}

function hasName({ k }: InputRow): boolean {
  return k !== 'c' && k !== LAST_KEY
}

function grouped(extra: string): string {
  return `SELECT k, count(*) AS c, sum(v) AS s, collect(n) AS ns${extra}`
}

function collected(line: Line): readonly number[] {
  return Array.isArray(line.ns) ? line.ns.map(Number) : []
}

function groups(rows: readonly InputRow[], more: Line = {}): Line[] {
  const byKey = Map.groupBy(rows, ({ k }) => k)
  return [...byKey].map(([k, group]) => ({
    k,
    c: group.length,
    s: group.reduce((sum, { v }) => sum + v, 0),
    ns: group.map(({ n }) => n),
    ...more,
  }))
}

function analyticLines(rows: readonly InputRow[]): Line[] {
  const last = new Map<string, number>()
  let total = 0
  return rows.map(({ n, k, v }) => {
    const before = last.get(k) ?? 0
    last.set(k, n)
    total += v
    return { n, before, total }
  })
}

function eventLines(rows: readonly InputRow[], length: number, step: number): Line[] {
  // within a window the order is that of event time
  const real = rows.filter(({ k }) => k !== LAST_KEY).sort((a, b) => a.ts - b.ts)
  const starts = new Set<number>()
  for (const { ts } of real) {
    const newest = Math.floor(ts / step) * step
    for (let w = newest; w > newest - length; w -= step) starts.add(w)
  }
  const inOrder = [...starts].sort((a, b) => a - b)
  return inOrder.flatMap((w) =>
    groups(
      real.filter(({ ts }) => ts >= w && ts < w + length),
      { w },
    ),
  )
}

function sumFault(line: Line, rows: ReadonlyMap<number, InputRow>): string | undefined {
  const members = collected(line).map((n) => rows.get(n))
  let sum = 0
  for (const row of members) {
    if (row === undefined) return 'has a row that was never sent'
    if (row.k !== line.k) return `has row ${row.n}, which is of key ${row.k}`
    sum += row.v
  }
  if (members.length !== line.c) return `counts ${line.c} of ${members.length} rows`
  return sum === line.s ? undefined : `sums up to ${line.s} instead of ${sum}`
}
