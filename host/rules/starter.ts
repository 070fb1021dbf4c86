import type { RuleStart } from '#host/catalog/rules.ts'
import {
  type Cell,
  CellError,
  type CellEvent,
  type RestartStrategy,
  type RuleKey,
  type RuleState,
} from '#host/cell/cell.ts'
import { BackOff } from '#host/cell/rule/back-off.ts'
import type { CheckpointStore } from '#host/checkpoints/store.ts'
import { codeOf, textOf } from '#host/errors.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import type { Planned } from './planning.ts'
import type { SpecBuilder } from './spec.ts'
import type { StartFailure } from './status.ts'

export interface StarterOptions {
  readonly cell: Cell
  readonly specs: SpecBuilder
  readonly checkpoints: CheckpointStore
  /** @throws when a function of a plugin does not want to be called so */
  readonly checkCalls: (tenant: string, planned: Planned) => Promise<void>
  /** What goes wrong where nobody waits for an answer. */
  readonly report: (key: RuleKey, message: string) => void
  /** A start that failed is to be tried again. */
  readonly retry: (key: RuleKey) => void
}

interface Retry {
  readonly backOff: BackOff
  count: number
  timer: NodeJS.Timeout | undefined
}

/** Refusals that are the definition's fault: with them a rule is not created. Anything else may pass, and is its status. */
const refusals = new Set(['unknown-connector', 'bad-property', 'already-deployed'])

/** A disk has room again at some time, and then the rule is to run, whatever its own strategy says. */
const fullDiskStrategy: RestartStrategy = {
  attempts: Number.POSITIVE_INFINITY,
  delayMs: 1000,
  multiplier: 2,
  maxDelayMs: 30_000,
  jitterFactor: 0.1,
}

const resting: ReadonlySet<RuleState> = new Set(['stopped', 'stopped by error'])

/** Hands rules to the cell and remembers how that went: what failed, what is used, what has come to its end. */
export class RuleStarter {
  readonly #options: StarterOptions
  readonly #failures = new Map<string, StartFailure>()
  readonly #retries = new Map<string, Retry>()
  /** Of the rules that were started and not stopped since: the plugins in their workers. */
  readonly #uses = new Map<string, { readonly key: RuleKey; readonly plan: Plan }>()
  /** Came to their end since they were deployed, maybe before they were kept. */
  readonly #done = new Set<string>()
  /** Why those were stopped that the cell had nothing to stop of. */
  readonly #stops = new Map<string, string>()
  /** What an operator should know of the last start. */
  readonly #notes = new Map<string, string>()

  constructor(options: StarterOptions) {
    this.#options = options
  }

  failure(key: RuleKey): StartFailure | undefined {
    return this.#failures.get(nameOf(key))
  }

  note(key: RuleKey): string {
    return this.#notes.get(nameOf(key)) ?? ''
  }

  /** Why it was stopped when it did not run; `undefined`: the cell knows more. */
  stopped(key: RuleKey): string | undefined {
    return this.#stops.get(nameOf(key))
  }

  hasDone(key: RuleKey): boolean {
    return this.#done.has(nameOf(key))
  }

  /** The rules of a tenant that were started with such a plugin and not stopped since. */
  usersOf(tenant: string, isUsed: (use: PluginUse) => boolean): string[] {
    const users = [...this.#uses.values()].filter(({ key }) => key.tenant === tenant)
    return users
      .filter(({ plan }) => plan.plugins.some(isUsed))
      .map(({ key }) => key.rule)
      .sort()
  }

  /** It was started and not stopped since. */
  has(key: RuleKey): boolean {
    return this.#uses.has(nameOf(key))
  }

  /** Other versions are in its worker now. */
  moved(key: RuleKey, plan: Plan): void {
    this.#uses.set(nameOf(key), { key, plan })
    this.#notes.delete(nameOf(key))
  }

  /** What an operator should know of it until its next start. */
  setNote(key: RuleKey, note: string): void {
    this.#notes.set(nameOf(key), note)
  }

  /** Of a rule that was started and not stopped since. */
  planOf(key: RuleKey): Plan | undefined {
    return this.#uses.get(nameOf(key))?.plan
  }

  /** Plugins in the worker of a rule that was started and not stopped since. */
  pluginsOf(key: RuleKey): readonly PluginUse[] {
    return this.planOf(key)?.plugins ?? []
  }

  async isRunning(key: RuleKey): Promise<boolean> {
    const status = await this.#options.cell.status(key)
    return status?.state === 'running' || status?.state === 'starting'
  }

  /** @throws for what is the definition's fault; anything else is the rule's status, and tried again if it says so */
  async deploy(key: RuleKey, planned: Planned, start: RuleStart): Promise<void> {
    const { cell, specs } = this.#options
    const name = nameOf(key)
    const checkpoint = planned.keepsState ? await this.#newest(key) : undefined
    this.#failures.delete(name)
    this.#stops.delete(name)
    if (!planned.keepsState) this.#notes.delete(name)
    const spec = await specs.build(key, planned, { ...start, checkpoint })
    this.#done.delete(name)
    this.#uses.set(name, { key, plan: planned.plan })
    try {
      await cell.deploy(spec)
    } catch (error) {
      try {
        if (!(error instanceof CellError) || refusals.has(error.code)) throw error
        // A new rule whose flow did not open: perhaps since it calls a function as that does not want to be called.
        if (start.epoch === 1) await this.#options.checkCalls(key.tenant, planned)
      } catch (refusal) {
        this.#uses.delete(name)
        throw refusal
      }
      this.failed(key, error, planned.options.restartStrategy)
    }
  }

  /** A start that nobody waits for has failed. Without a strategy only a full disk is tried again. */
  failed(key: RuleKey, error: unknown, given?: RestartStrategy | undefined): void {
    const message = textOf(error)
    const strategy = codeOf(error) === 'folder-full' ? fullDiskStrategy : given
    const again = strategy && this.#tryLater(key, strategy)
    this.#failures.set(nameOf(key), { message: message + (again ?? ''), at: Date.now() })
    this.#options.report(key, `not started: ${message}${again ?? ''}`)
  }

  /** @param keepState its state is kept, whatever its options say */
  async stop(key: RuleKey, reason: string, keepState = false): Promise<void> {
    this.#uses.delete(nameOf(key))
    this.#failures.delete(nameOf(key))
    this.calm(key)
    const status = await this.#options.cell.status(key)
    if (status === undefined || resting.has(status.state)) this.#stops.set(nameOf(key), reason)
    if (status === undefined) return
    await this.#options.cell.stop(key, keepState ? { reason, keepState } : { reason })
  }

  /** The next failure is a first one again. */
  calm(key: RuleKey): void {
    clearTimeout(this.#retries.get(nameOf(key))?.timer)
    this.#retries.delete(nameOf(key))
  }

  forget(key: RuleKey): void {
    const name = nameOf(key)
    this.calm(key)
    this.#failures.delete(name)
    this.#stops.delete(name)
    this.#done.delete(name)
    this.#notes.delete(name)
  }

  /** @returns true when a bounded rule has come to its end */
  heard({ tenant, rule, state, message }: CellEvent): boolean {
    const name = nameOf({ tenant, rule })
    if (state === 'running') this.#failures.delete(name)
    if (state !== 'stopped' || !/^done\b/.test(message)) return false
    this.#done.add(name)
    return true
  }

  close(): void {
    for (const { timer } of this.#retries.values()) clearTimeout(timer)
    this.#retries.clear()
  }

  async #newest(key: RuleKey) {
    const damaged: number[] = []
    const newest = await this.#options.checkpoints.newest(key, (at) => damaged.push(at))
    this.#notes.delete(nameOf(key))
    if (damaged.length === 0) return newest
    const whose = damaged.map(timeOf).join(', ')
    const instead = newest === undefined ? 'it began anew' : `that of ${timeOf(newest.at)} was used`
    const note = `damaged checkpoint of ${whose}: ${instead}`
    this.#notes.set(nameOf(key), note)
    this.#options.report(key, note)
    return newest
  }

  /** @returns what the status says of it */
  #tryLater(key: RuleKey, strategy: RestartStrategy): string {
    const name = nameOf(key)
    const retry = this.#retries.get(name) ?? {
      backOff: new BackOff(strategy),
      count: 0,
      timer: undefined,
    }
    this.#retries.set(name, retry)
    const ms = retry.backOff.next()
    if (ms === undefined) return strategy.attempts === 0 ? '' : '; all attempts are used up'
    retry.count++
    clearTimeout(retry.timer)
    retry.timer = setTimeout(() => this.#options.retry(key), ms).unref()
    const of = Number.isFinite(strategy.attempts) ? ` of ${strategy.attempts}` : ''
    return `; starts again in ${Math.round(ms)} ms (attempt ${retry.count}${of})`
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function nameOf({ tenant, rule }: RuleKey): string {
  return `${tenant}/${rule}`
}
