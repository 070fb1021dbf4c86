import type { RuleKey } from '#host/cell/cell.ts'
import type { EndReason, Phase, Schedule } from './schedule.ts'

export interface SchedulerOptions {
  /** Its time has come. */
  begin(key: RuleKey): void
  /** Its time is over. */
  end(key: RuleKey, reason: EndReason): void
  /** ms since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined
  /** After so long at most it looks at the clock again. @default 30000 */
  readonly napMs?: number | undefined
}

interface Entry {
  readonly key: RuleKey
  readonly schedule: Schedule
  timer: NodeJS.Timeout | undefined
  phase: Phase
}

/**
 * A timer of Node's counts time that passes and not the clock's: one that slept through a clock that was set would wake
 * too late. So a sleep is cut into naps; only rules with a schedule have one.
 */
const NAP_MS = 30_000

/** Wakes when a rule with a schedule is to start or to end, and sleeps in between. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  /** From now on. What the rule is to do at once is returned, and its caller's to do. */
  set(key: RuleKey, schedule: Schedule): Phase {
    this.delete(key)
    const phase = schedule.at(this.#now())
    const entry: Entry = { key, schedule, timer: undefined, phase }
    this.#entries.set(nameOf(key), entry)
    this.#sleep(entry)
    return phase
  }

  delete(key: RuleKey): void {
    clearTimeout(this.#entries.get(nameOf(key))?.timer)
    this.#entries.delete(nameOf(key))
  }

  /** `undefined`: it has no schedule, or was stopped by hand. */
  phase(key: RuleKey): Phase | undefined {
    return this.#entries.get(nameOf(key))?.phase
  }

  close(): void {
    for (const { timer } of this.#entries.values()) clearTimeout(timer)
    this.#entries.clear()
  }

  #sleep(entry: Entry): void {
    const { until } = entry.phase
    if (until === undefined) return
    const { napMs = NAP_MS } = this.#options
    const ms = Math.min(napMs, Math.max(1, until - this.#now()))
    entry.timer = setTimeout(() => this.#wake(entry), ms).unref()
  }

  #wake(entry: Entry): void {
    const before = entry.phase
    entry.phase = entry.schedule.at(this.#now())
    this.#sleep(entry)
    if (before.isActive === entry.phase.isActive) return
    if (before.isActive) this.#options.end(entry.key, before.reason)
    else this.#options.begin(entry.key)
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now()
  }
}

function nameOf({ tenant, rule }: RuleKey): string {
  return JSON.stringify([tenant, rule])
}
