import { setTimeout as sleep } from 'node:timers/promises'
import { type Counts, happen } from './events.ts'
import { judge, type Promised, type Verdict } from './judge.ts'
import type { Mutant } from './mutants.ts'
import { describePlan, makePlan, type Plan, type RulePlan } from './plan.ts'
import { type InputRow, makeRows } from './rows.ts'
import { shapeOf, World } from './world.ts'

export interface RoundOptions {
  readonly mutant?: Mutant | undefined
  /** What is there of a round that failed stays on disk. */
  readonly isKept?: boolean | undefined
  /** ms after the last event within which everything has to be there. @default 90 s */
  readonly patienceMs?: number | undefined
  /** Instead of the one that follows from the seed. */
  readonly plan?: Plan | undefined
  /** Without one there are no rounds over MQTT. @default true */
  readonly hasMosquitto?: boolean | undefined
}

export interface RoundResult {
  readonly seed: number
  readonly plan: string
  /** None: what came out is what the rows say. */
  readonly faults: readonly string[]
  readonly events: Counts
  readonly ms: number
  readonly folder: string
}

const BURST = 20
const HANG_MS = 8000
/** No plan takes so long, whatever happens in it. */
const LONGEST_MS = 300_000
/** What comes twice may come late. */
const SETTLED_MS = 700

/** One round: a world is built, rows are sent while things happen, and what came out is judged. */
export async function playRound(seed: number, options: RoundOptions = {}): Promise<RoundResult> {
  const began = performance.now()
  const plan = options.plan ?? planFor(seed, options.hasMosquitto ?? true)
  const rows = makeRows(seed, plan.rows, plan.troubles, Date.now() + HANG_MS)
  const world = new World(plan, options.mutant)
  const events: Counts = {}
  let faults: readonly string[] = []
  try {
    await world.open(rows)
    await within(LONGEST_MS, [send(world, plan, rows), happen(world, plan, events)])
    // windows by a clock that was set back close when it has caught up
    const jumps = plan.events.some(({ kind }) => kind === 'clock jump')
    if (jumps) world.set({ clockMs: 8 * 3_600_000 })
    faults = await quiescence(world, plan, rows, options.patienceMs ?? 90_000)
  } catch (error) {
    faults = [`the round broke off: ${error instanceof Error ? error.stack : error}`]
  } finally {
    await world.close(options.isKept === true && faults.length > 0)
  }
  const ms = Math.round(performance.now() - began)
  return { seed, plan: describePlan(plan), faults, events, ms, folder: world.folder }
}

/** A round that hangs is wrong, and the next one has its turn. */
async function within(ms: number, work: readonly Promise<void>[]): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`its rows or its events hang after ${ms / 1000} s`)),
    ms,
  )
  await Promise.race([Promise.all(work), late.promise]).finally(() => clearTimeout(timer))
}

/** Where there is no broker, what would come from it comes by HTTP. */
function planFor(seed: number, hasMosquitto: boolean): Plan {
  const plan = makePlan(seed)
  if (hasMosquitto || !plan.origin.startsWith('mqtt')) return plan
  const rules = plan.rules.map((rule) => ({ ...rule, qos: Math.max(1, rule.qos) as 1 | 2 }))
  return { ...plan, origin: 'httppush', rules }
}

async function send({ feeder }: World, plan: Plan, rows: readonly InputRow[]): Promise<void> {
  for (let at = 0; feeder !== undefined && at < rows.length; at += BURST) {
    await feeder.send(rows.slice(at, at + BURST))
    await sleep(plan.burstMs)
  }
}

/** Waits until everything is there, and a moment longer for what should not be. */
async function quiescence(
  world: World,
  plan: Plan,
  rows: readonly InputRow[],
  patienceMs: number,
): Promise<readonly string[]> {
  const end = performance.now() + patienceMs
  for (;;) {
    const found = await verdicts(world, plan, rows)
    if (found.length === 0) break
    if (performance.now() > end || found.some(({ mayPass }) => !mayPass)) {
      return [...texts(found), ...(await reasons(world, plan))]
    }
    await sleep(200)
  }
  await sleep(SETTLED_MS)
  await world.host.stop()
  return [...texts(await verdicts(world, plan, rows)), ...world.host.faults]
}

async function verdicts(
  world: World,
  plan: Plan,
  rows: readonly InputRow[],
): Promise<readonly (Verdict & { readonly of: string })[]> {
  const found: (Verdict & { readonly of: string })[] = []
  for (const rule of plan.rules) {
    const aside = world.setAsideBy(rule)
    const innocent = aside.find(({ x }) => x !== 'hang' && x !== 'kill')
    if (innocent !== undefined) {
      const fault = `row ${innocent.n} was set aside and is innocent`
      found.push({ of: rule.id, fault, mayPass: false })
    }
    const numbers = new Set(aside.map(({ n }) => n))
    const left = rows.filter(({ n }) => !numbers.has(n))
    for (const [at] of rule.sinks.entries()) {
      const output = world.outputOf(rule, at)
      const promised = promiseOf(plan, rule, at, world)
      const mayMiss = mayMissOf(rule, promised)
      const verdict = judge({ shape: shapeOf(rule), promised, rows: left, output, mayMiss })
      if (verdict) found.push({ of: `${rule.id}, action ${at} (${promised})`, ...verdict })
    }
  }
  return found
}

/** What the tables of docs/reliability.md promise of an action. */
export function promiseOf(
  plan: Plan,
  rule: RulePlan,
  action: number,
  world?: Pick<World, 'dropped'>,
): Promised {
  if (world?.dropped.has(rule.id)) return 'partial'
  if (rule.qos === 0) return isQuiet(plan) ? 'ordered' : 'partial'
  if (plan.origin === 'mqtt 1' || plan.origin === 'plugin, spooled') return 'covered'
  if (rule.isChained && rule.qos === 1) return 'covered'
  return rule.sinks[action]?.props.resendAlterQueue ? 'once' : 'ordered'
}

/** Nothing dies, and no rule ends: then nothing is lost at qos 0 either. */
function isQuiet({ events, troubles, origin }: Plan): boolean {
  const harmless = /^(sink|checkpoints)/
  return (
    events.every(({ kind }) => harmless.test(kind)) &&
    !troubles.hang &&
    !troubles.kill &&
    origin !== 'mqtt 1'
  )
}

/** With rows that come twice the last count window is one that may not fill. */
function mayMissOf(rule: RulePlan, promised: Promised): number {
  return promised === 'covered' && rule.shape === 'counted' ? 19 : 0
}

function texts(found: readonly (Verdict & { readonly of: string })[]): string[] {
  return found.map(({ of, fault }) => `${of}: ${fault}`)
}

/** What the host says of rules that have not done their work. */
async function reasons(world: World, { rules }: Plan): Promise<string[]> {
  const ids = rules.flatMap(({ id, isChained }) => (isChained ? [`${id}-head`, id] : [id]))
  return Promise.all(
    ids.map(async (id) => {
      const { status, message, note, deaths } = await world.statusOf(id).catch(() => ({}) as never)
      return `  ${id} is ${JSON.stringify({ status, message, note, deaths })}`
    }),
  )
}
