import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchHost } from './host.ts'

/** What a rule did in some time, and what that cost. */
export interface RuleWindow {
  readonly ms: number
  /** Rows that the worker has dealt with. */
  readonly units: number
  readonly dropped: number
  /** CPU per row in µs: of this thread, of the worker's thread, and of the process with everything in it. */
  readonly mainUs: number
  readonly workerUs: number
  readonly processUs: number
}

interface Moment {
  readonly at: number
  readonly rows: number
  readonly dropped: number
  readonly main: number
  readonly worker: number
  readonly process: number
}

export async function ruleWindow(host: BenchHost, ms: number, rule = 'rule'): Promise<RuleWindow> {
  const before = await momentOf(host, rule)
  await sleep(ms)
  const after = await momentOf(host, rule)
  const units = after.rows - before.rows
  return {
    ms: after.at - before.at,
    units,
    dropped: after.dropped - before.dropped,
    mainUs: (after.main - before.main) / units,
    workerUs: (after.worker - before.worker) / units,
    processUs: (after.process - before.process) / units,
  }
}

/** Resolves when the rule has dealt with all that came, and nothing more comes. */
export async function idle(host: BenchHost, rule = 'rule'): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 3; await sleep(10)) {
    const { metrics } = await host.status(rule)
    const rows = Number(metrics.source_demo_0_records_in_total)
    quiet = rows === last && metrics.source_demo_0_buffer_length === 0 ? quiet + 1 : 0
    last = rows
  }
}

async function momentOf(host: BenchHost, rule: string): Promise<Moment> {
  const { metrics, cpuMs } = await host.status(rule)
  return {
    at: performance.now(),
    rows: Number(metrics.source_demo_0_records_out_total),
    dropped: Number(metrics.source_demo_0_dropped_total),
    main: threadUs(),
    worker: cpuMs * 1000,
    process: processUs(),
  }
}

export function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

export function processUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
