import { spawnSync } from 'node:child_process'
import { threadCpuUsage } from 'node:process'
import { fileURLToPath } from 'node:url'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { collect, feed, flowOf, planOf, type Tuple } from '#test/flow/rule.ts'

/*
 * How long a rule stands still for a checkpoint, by operator: ms per 10 MB of state, the first time (cold) and afterwards
 * (warm: median and longest of ten), by CPU time of the thread and, in parentheses, by the clock. Between two snapshots
 * rows come, as they do in a rule. Each case in a process of its own. `node test/bench/snapshot.ts [name]`
 */

interface Case {
  readonly sql: string
  readonly keys: number
  /** Tuples per key. */
  readonly rounds: number
  /** From one round to the next. */
  readonly stepMs: number
}

const AGGREGATES = 'count(*) AS c, sum(v) AS s, max(v) AS m'
const cases: Readonly<Record<string, Case>> = {
  tumbling: {
    sql: `SELECT k, ${AGGREGATES} FROM demo GROUP BY k, TUMBLINGWINDOW(hh, 10)`,
    keys: 200_000,
    rounds: 1,
    stepMs: 1000,
  },
  hopping: {
    sql: `SELECT k, ${AGGREGATES} FROM demo GROUP BY k, HOPPINGWINDOW(ss, 600, 10)`,
    keys: 5000,
    rounds: 40,
    stepMs: 10_000,
  },
  'hopping-keys': {
    sql: `SELECT k, ${AGGREGATES} FROM demo GROUP BY k, HOPPINGWINDOW(ss, 600, 60)`,
    keys: 70_000,
    rounds: 3,
    stepMs: 60_000,
  },
  sliding: {
    sql: `SELECT sum(v) AS s, max(v) AS m FROM demo GROUP BY SLIDINGWINDOW(mi, 100) OVER (WHEN v < 0)`,
    keys: 2000,
    rounds: 150,
    stepMs: 1000,
  },
  session: {
    sql: `SELECT k, ${AGGREGATES} FROM demo GROUP BY k, SESSIONWINDOW(hh, 10, 1) OVER (PARTITION BY k)`,
    keys: 100_000,
    rounds: 2,
    stepMs: 1000,
  },
  'session-one': {
    sql: `SELECT ${AGGREGATES} FROM demo GROUP BY SESSIONWINDOW(hh, 10, 1) OVER (PARTITION BY k)`,
    keys: 100_000,
    rounds: 2,
    stepMs: 1000,
  },
  'session-groups': {
    sql: `SELECT v > 9 AS high, ${AGGREGATES} FROM demo GROUP BY high, SESSIONWINDOW(hh, 10, 1) OVER (PARTITION BY k)`,
    keys: 20_000,
    rounds: 2,
    stepMs: 1000,
  },
  analytic: {
    sql: 'SELECT lag(v) OVER (PARTITION BY k) AS l, acc_sum(v) OVER (PARTITION BY k) AS a, acc_max(v) OVER (PARTITION BY k) AS m FROM demo',
    keys: 150_000,
    rounds: 2,
    stepMs: 1000,
  },
  'rows of a window': {
    sql: 'SELECT k, v FROM demo GROUP BY COUNTWINDOW(1000000)',
    keys: 150_000,
    rounds: 1,
    stepMs: 1000,
  },
}

const START = 1_700_000_000_000
const ROUNDS = 11
const functions = builtInFunctions()
const [name] = process.argv.slice(2)
const chosen = name === undefined ? undefined : cases[name]
if (chosen !== undefined && name !== undefined) measure(name, chosen)
else if (name !== undefined) throw new Error(`there is ${Object.keys(cases).join(', ')}`)
else {
  for (const each of Object.keys(cases)) {
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), each], { stdio: 'inherit' })
  }
}

function measure(title: string, { sql, keys, rounds, stepMs }: Case): void {
  const flow = flowOf(planOf(sql, { functions }), { functions })
  let sequence = 0
  const send = (tuples: readonly Tuple[]) => {
    collect(flow, feed(tuples, { first: sequence + 1 }))
    sequence += tuples.length
  }
  let time = START
  const round = (count: number) => {
    const tuples: Tuple[] = []
    for (let i = 0; i < count; i++) {
      tuples.push({ payload: `{"k":"device-${String(i).padStart(6, '0')}","v":${i / 8}}`, time })
      if (tuples.length === 1000) send(tuples.splice(0))
    }
    send(tuples)
  }
  for (let i = 0; i < rounds; i++, time += stepMs) round(keys)
  const cpu: number[] = []
  const wall: number[] = []
  let bytes = 0
  for (let i = 0; i < ROUNDS; i++) {
    const before = threadCpuUsage()
    const start = performance.now()
    const { state } = flow.snapshot()
    const took = performance.now() - start
    const { user, system } = threadCpuUsage(before)
    bytes = state.byteLength
    const per10 = 10_000_000 / bytes
    cpu.push(((user + system) / 1000) * per10)
    wall.push(took * per10)
    round(Math.min(keys, 20_000))
  }
  const both = (of: (values: readonly number[]) => number) =>
    `${of(cpu).toFixed(0)} (${of(wall).toFixed(0)})`
  const cold = both((values) => values[0] ?? 0)
  const warm = both((values) => values.slice(1).sort((a, b) => a - b)[5] ?? 0)
  const most = both((values) => Math.max(...values.slice(1)))
  const size = `${(bytes / 1e6).toFixed(1)} MB`
  console.log(
    `${title.padEnd(18)} ${size.padStart(8)}  cold ${cold}  warm ${warm}  longest ${most}`,
  )
}
