import { isDeepStrictEqual } from 'node:util'
import { Expressions } from '#src/expressions/compile.ts'
import { Compilation } from '#src/flow/compilation.ts'
import { compileNode } from '#src/flow/compile.ts'
import { OperatorBook } from '#src/flow/operator-book.ts'
import { Suspender } from '#src/flow/suspension.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { Operator, Row } from '#src/operators/operator.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import { makeRows, type SensorRow } from '#test/bench/reference/payloads.mjs'
import { makeHopping, makeSessions, makeSlidingTwoStacks } from '#test/bench/reference/windows.mjs'
import { planOf } from '#test/flow/rule.ts'

/*
 * Windows behind the decoder, on one thread: decoded rows in the order of their times to projected rows, against what one
 * writes by hand for exactly these queries. `node test/bench/windows.ts [name]`. Both sides must give the same rows before
 * anything is measured.
 */

const AGGREGATES = 'sum(temperature) AS sum, avg(temperature) AS avg, max(temperature) AS max'
const HOPPING = `SELECT deviceId, ${AGGREGATES}, window_end() AS windowEnd FROM demo
  GROUP BY deviceId, HOPPINGWINDOW(ss, 60, 1)`
const TUMBLING = `SELECT deviceId, ${AGGREGATES}, window_end() AS windowEnd FROM demo
  GROUP BY deviceId, TUMBLINGWINDOW(ss, 1)`
const SLIDING = `SELECT sum(temperature) AS sum, max(temperature) AS max, window_end() AS ts FROM demo
  GROUP BY SLIDINGWINDOW(ss, 10) OVER (WHEN temperature > 39)`
const SLIDING_ALL = `SELECT sum(temperature) AS sum, max(temperature) AS max, window_end() AS ts FROM demo
  GROUP BY SLIDINGWINDOW(ss, 10)`
const SESSIONS = `SELECT deviceId, count(*) AS n, avg(temperature) AS mean, window_start() AS start FROM demo
  GROUP BY deviceId, SESSIONWINDOW(ss, 600, 10) OVER (PARTITION BY deviceId)`

const BATCH_ROWS = 1000
const functions = builtInFunctions()
const only = process.argv[2] ?? ''

interface Windows {
  run(rows: readonly SensorRow[], offset: number): number
  advance(time: number): void
}

/** The operators of a statement, from the window to the projection. */
function engine(sql: string, emit?: (row: Row) => void): Windows {
  const plan = planOf(sql, { functions })
  const environment = { ruleId: 'bench', startedAt: 0, timeZone: 'UTC', now: () => 0, props: {} }
  const to = new Compilation({
    plan,
    expressions: new Expressions(environment, functions),
    book: new OperatorBook({ now: () => 0, failed: fail }),
    pluginAggregator: fail,
    suspender: new Suspender(),
    left() {},
  } as ConstructorParameters<typeof Compilation>[0])
  compileNode(plan.root, to)
  let emitted = 0
  const { operators } = to
  const out = {
    push({ rows }: { readonly rows: readonly Row[] }) {
      emitted += rows.length
      if (emit !== undefined) for (const row of rows) emit(row)
    },
    advance() {},
  }
  for (const [i, operator] of operators.entries()) operator.link(operators[i + 1] ?? out)
  const head = operators[0] as Operator
  const times: number[] = []
  return {
    run(rows, offset) {
      const before = emitted
      for (let i = 0; i < rows.length; i++) times[i] = (rows[i] as SensorRow).ts + offset
      head.push({ rows, times })
      return emitted - before
    },
    advance: (time) => head.advance(time),
  }
}

function fail(): never {
  throw new Error('a row failed')
}

/** Rows in batches, for ever: at each turn their times are `span` later. */
function player(rows: readonly SensorRow[], span: number, run: Windows['run']): () => number {
  const batches = batchesOf(rows)
  let i = 0
  return () => {
    const batch = batches[i % batches.length] as SensorRow[]
    run(batch, Math.floor(i / batches.length) * span)
    i++
    return batch.length
  }
}

function batchesOf(rows: readonly SensorRow[]): SensorRow[][] {
  return Array.from({ length: rows.length / BATCH_ROWS }, (_, i) => {
    return rows.slice(i * BATCH_ROWS, (i + 1) * BATCH_ROWS)
  })
}

/** @throws when the two give other rows, or none */
function same(
  name: string,
  sql: string,
  rows: readonly SensorRow[],
  turns: number,
  by: Hand,
): void {
  const [ours, theirs]: [unknown[], unknown[]] = [[], []]
  const span = spanOf(rows)
  const own = engine(sql, (row) => ours.push(row))
  const hand = by((row) => theirs.push(row))
  for (let turn = 0; turn < turns; turn++) {
    for (const batch of batchesOf(rows)) {
      own.run(batch, turn * span)
      hand.run(batch, turn * span)
    }
  }
  const [a, b] = [sorted(ours), sorted(theirs)]
  const different = a.findIndex((row, i) => !isDeepStrictEqual(row, b[i]))
  if (a.length !== b.length || a.length === 0 || different >= 0) {
    console.log(a.length, b.length, a[different], b[different])
    throw new Error(`${name}: the engine and the reference give other rows`)
  }
  console.log(`${name}: ${a.length} rows are the same`)
}

type Hand = (emit: (row: Readonly<Record<string, unknown>>) => void) => {
  run(rows: readonly SensorRow[], offset?: number): number
}

/** Sums that were added in another order differ in their last digits. */
function sorted(rows: readonly unknown[]): unknown[] {
  const texts = rows.map((row) => {
    const fields = Object.entries(row as Row).filter(([name]) => name !== 'last')
    return JSON.stringify(
      Object.fromEntries(
        fields.map(([name, v]) => [name, typeof v === 'number' ? v.toPrecision(9) : v]).sort(),
      ),
    )
  })
  return texts.sort()
}

function spanOf(rows: readonly SensorRow[]): number {
  return Math.ceil(((rows.at(-1)?.ts ?? 0) - (rows[0]?.ts ?? 0)) / 1000) * 1000
}

async function against(
  name: string,
  rows: readonly SensorRow[],
  ours: Windows,
  theirs: { run(rows: readonly SensorRow[], offset: number): number },
): Promise<void> {
  const span = spanOf(rows)
  const run = (windows: typeof theirs) => {
    return player(rows, span, (batch, offset) => windows.run(batch, offset))
  }
  await compare(name, run(ours), run(theirs), { windows: 15, ms: 60, warmMs: 1500 })
}

if ('hopping'.startsWith(only)) {
  const rows = makeRows({ count: 100_000, devices: 1000, perSecond: 100_000 })
  same(
    'hopping',
    HOPPING,
    makeRows({ count: 70_000, devices: 50, perSecond: 1000 }),
    2,
    makeHopping,
  )
  await against('hopping 60 s / 1 s by hand', rows, engine(HOPPING), makeHopping())
  await against('hopping 60 s / 1 s by tumbling 1 s', rows, engine(HOPPING), engine(TUMBLING))
}
if ('sliding'.startsWith(only)) {
  const rows = makeRows({ count: 100_000, devices: 1000, perSecond: 10_000 })
  const few = makeRows({ count: 5000, devices: 1000, perSecond: 100 })
  // A row that is exactly 10 s old is in the window, as in the peer; not so in the reference.
  const lengthMs = 10_000.001
  same('sliding when', SLIDING, rows, 2, (emit) => makeSlidingTwoStacks(emit, { lengthMs }))
  same('sliding', SLIDING_ALL, few, 2, (emit) =>
    makeSlidingTwoStacks(emit, { lengthMs, over: () => true }),
  )
  await against('sliding 10 s, when', rows, engine(SLIDING), makeSlidingTwoStacks())
  const all = makeSlidingTwoStacks(undefined, { over: () => true })
  await against('sliding 10 s, every row', rows, engine(SLIDING_ALL), all)
}
if ('session'.startsWith(only)) {
  const hand: Hand = (emit) => makeSessions(emit, { gapMs: 10_000, maxMs: 600_000 })
  const few = makeRows({ count: 50_000, devices: 10_000, perSecond: 1000 })
  same('sessions', SESSIONS, few, 2, hand)
  await against(
    'sessions, many of which end',
    few,
    engine(SESSIONS),
    hand(() => {}),
  )
  const rows = makeRows({ count: 100_000, devices: 10_000, perSecond: 100_000 })
  await against(
    'sessions that stay open',
    rows,
    engine(SESSIONS),
    hand(() => {}),
  )
}
