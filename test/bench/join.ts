import { isDeepStrictEqual } from 'node:util'
import { Expressions } from '#src/expressions/compile.ts'
import { Compilation } from '#src/flow/compilation.ts'
import { compileNode } from '#src/flow/compile.ts'
import { OperatorBook } from '#src/flow/operator-book.ts'
import { Suspender } from '#src/flow/suspension.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { keyer } from '#src/operators/keyed-row.ts'
import type { Operator, Row } from '#src/operators/operator.ts'
import { compare } from '#test/bench/reference/compare.mjs'
import { EXPRESSIONS_SQL, makeExpressions } from '#test/bench/reference/expressions.mjs'
import { hashJoin } from '#test/bench/reference/join.mjs'
import { makeRows, type SensorRow } from '#test/bench/reference/payloads.mjs'
import { makeAnalytic } from '#test/bench/reference/windows.mjs'
import { planStreams } from '#test/flow/streams.ts'

/*
 * Joins, analytic functions and long select lists behind the decoder, on one thread, against what one writes by hand for
 * exactly these queries. `node test/bench/join.ts [name]`. Both sides must give the same rows before anything is measured.
 */

const JOIN = `SELECT l.deviceId, l.temperature, r.humidity FROM l INNER JOIN r ON l.deviceId = r.deviceId
  GROUP BY TUMBLINGWINDOW(ss, 10)`
const BY_DEVICE = 'OVER (PARTITION BY deviceId)'
const ANALYTIC = `SELECT deviceId, lag(temperature) ${BY_DEVICE} AS previous,
  acc_sum(temperature) ${BY_DEVICE} AS total, acc_max(temperature) ${BY_DEVICE} AS highest FROM demo`

const streams = ['l', 'r', 'demo'].map((name) => `CREATE STREAM ${name} () WITH ()`)
const SIDE = 10_000
const WINDOW_MS = 10_000
const functions = builtInFunctions()
const only = process.argv[2] ?? ''

interface Engine {
  push(rows: readonly Row[], time: number): void
  advance(time: number): void
  readonly emitted: number
}

/** The operators of a statement behind its sources. */
function engine(sql: string, emit?: (row: Row) => void): Engine {
  const plan = planStreams(sql, { streams })
  const environment = { ruleId: 'bench', startedAt: 0, timeZone: 'UTC', now: () => 0, props: {} }
  const to = new Compilation({
    plan,
    expressions: new Expressions(environment, functions),
    book: new OperatorBook({ now: () => 0, failed: fail }),
    pluginAggregator: fail,
    suspender: new Suspender(),
    left() {},
  })
  compileNode(plan.root, to)
  const { operators } = to
  let emitted = 0
  const out = {
    push({ rows }: { readonly rows: readonly Row[] }) {
      emitted += rows.length
      if (emit !== undefined) for (const row of rows) emit(row)
    },
    advance() {},
  }
  for (const [i, operator] of operators.entries()) operator.link(operators[i + 1] ?? out)
  const head = operators[0] as Operator
  return {
    push(rows, time) {
      const times: number[] = new Array(rows.length)
      times.fill(time)
      head.push({ rows, times })
    },
    advance: (time) => head.advance(time),
    get emitted() {
      return emitted
    },
  }
}

function fail(): never {
  throw new Error('a row failed')
}

/** Rows as they come out of a decoder, one per device. */
function side(seed: number): SensorRow[] {
  const rows = makeRows({ count: SIDE, devices: SIDE, seed })
  const order = rows.map((_, i) => (i * 7919 + seed) % SIDE)
  return rows.map((row, i) => ({ ...row, deviceId: `device-${order[i]}` }))
}

/** One window: the rows of both sides are keyed and pushed in batches, as the sources do it, then it ends. */
function windowJoin(left: readonly SensorRow[], right: readonly SensorRow[], own: Engine) {
  const [keyLeft, keyRight] = [keyer(['l', 'r'], 'l'), keyer(['l', 'r'], 'r')]
  let start = 0
  return () => {
    for (const [rows, keyed] of [
      [left, keyLeft],
      [right, keyRight],
    ] as const) {
      for (let i = 0; i < rows.length; i += 1000) {
        own.push(rows.slice(i, i + 1000).map(keyed), start)
      }
    }
    start += WINDOW_MS
    own.advance(start)
    return left.length + right.length
  }
}

function same(name: string, ours: readonly object[], theirs: readonly object[]): void {
  const [a, b] = [rounded(ours), rounded(theirs)]
  const different = a.findIndex((row, i) => !isDeepStrictEqual(row, b[i]))
  if (a.length !== b.length || a.length === 0 || different >= 0) {
    console.log(a.length, b.length, a[different], b[different])
    throw new Error(`${name}: the engine and the reference give other rows`)
  }
  console.log(`${name}: ${a.length} rows are the same`)
}

/** A field of unknown truth is false in a row of ours and null by hand; what is missing is null. */
function rounded(rows: readonly object[]): object[] {
  return rows.map((row) => {
    const fields = Object.entries(row).filter(([, value]) => value !== null && value !== false)
    const known = fields.filter(([, value]) => value !== undefined)
    return Object.fromEntries(
      known.map(([name, v]) => [name, typeof v === 'number' ? v.toPrecision(9) : v]),
    )
  })
}

async function benchJoin(): Promise<void> {
  const [left, right] = [side(1), side(2)]
  const made: object[] = []
  windowJoin(
    left,
    right,
    engine(JOIN, (row) => made.push(row)),
  )()
  same('join', made, hashJoin(left, right))
  const run = windowJoin(left, right, engine(JOIN))
  await compare('window join 10 000 x 10 000, 1:1, against a hash join by hand', run, () => {
    return hashJoin(left, right).length + right.length
  })
}

async function benchAnalytic(): Promise<void> {
  const rows = makeRows({ count: 100_000, devices: 10_000 })
  const [ours, theirs]: [object[], object[]] = [[], []]
  engine(ANALYTIC, (row) => ours.push(row)).push(rows, 0)
  makeAnalytic((row: object) => theirs.push(row)).run(rows)
  same('analytic', ours, theirs)
  const own = engine(ANALYTIC)
  const hand = makeAnalytic()
  await compare(
    'lag, acc_sum, acc_max over 10 000 partitions, against a Map by hand',
    player(rows, (batch) => own.push(batch, 0)),
    player(rows, (batch) => hand.run(batch)),
  )
}

async function benchExpressions(): Promise<void> {
  const rows = makeRows({ count: 10_000, wide: true })
  const [ours, theirs]: [object[], object[]] = [[], []]
  engine(EXPRESSIONS_SQL, (row) => ours.push(row)).push(rows, 0)
  makeExpressions((row) => theirs.push(row)).run(rows)
  same('expressions', ours, theirs)
  const own = engine(EXPRESSIONS_SQL)
  const hand = makeExpressions()
  await compare(
    '30 columns of expressions, against JavaScript by hand',
    player(rows, (batch) => own.push(batch, 0)),
    player(rows, (batch) => hand.run(batch)),
  )
}

function player(
  rows: readonly SensorRow[],
  run: (batch: readonly SensorRow[]) => unknown,
): () => number {
  const batches = Array.from({ length: rows.length / 1000 }, (_, i) =>
    rows.slice(i * 1000, (i + 1) * 1000),
  )
  let i = 0
  return () => {
    const batch = batches[i++ % batches.length] ?? []
    run(batch)
    return batch.length
  }
}

const benches = { join: benchJoin, analytic: benchAnalytic, expressions: benchExpressions }
for (const [name, bench] of Object.entries(benches)) if (name.startsWith(only)) await bench()
