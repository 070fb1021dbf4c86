import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  type Cell,
  type CellEnvironment,
  CellError,
  type CellEvent,
  type CellHealth,
  type CommittedCheckpoint,
  type RuleKey,
  type RuleSpec,
  type RuleState,
  type RuleStatus,
  type StopOptions,
  type StreamReset,
} from './cell.ts'
import type { ConnectorType, SinkConnector, SourceConnector } from './connectors/connector.ts'
import type { LookupConnector } from './connectors/lookup/lookup.ts'
import { CacheRoom } from './delivery/cache-room.ts'
import { Quotas } from './facades/files/quota.ts'
import { SecretMasks } from './facades/masks.ts'
import { RefusalNotes } from './facades/refusal-notes.ts'
import { standbyLogger } from './rule/rule-logger.ts'
import { forgetLookups } from './rule/rule-lookups.ts'
import type { RuleServices } from './rule/rule-parts.ts'
import { RuleRunner } from './rule/rule-runner.ts'
import { SharedSources } from './rule/shared-sources.ts'
import { standBy } from './rule/standby.ts'
import { SpoolRoom, type StandbySetup } from './spool/spool-room.ts'
import { bundleEntry, entryOf, type Tier } from './workers/bundle.ts'
import { Spares } from './workers/spares.ts'
import { Watchdog, type WatchdogOptions } from './workers/watchdog.ts'

export interface LocalCellOptions {
  readonly environment: CellEnvironment
  readonly connectors: {
    readonly sources: ReadonlyMap<string, ConnectorType<SourceConnector>>
    readonly sinks: ReadonlyMap<string, ConnectorType<SinkConnector>>
    readonly lookups?: ReadonlyMap<string, ConnectorType<LookupConnector>> | undefined
  }
  /** Where bundled worker entries are kept. */
  readonly cacheFolder: string
  /**
   * Where spools are kept, so that rules at qos 1 and 2 over sources that cannot go back lose nothing. Without it they lose
   * what came after their last checkpoint when a worker dies.
   */
  readonly dataFolder?: string | undefined
  /** Sources of the worker entries. @default those of `src/worker` */
  readonly entries?: Partial<Readonly<Record<Tier, string>>> | undefined
  readonly watchdog?: WatchdogOptions | undefined
  /** MB of each worker; see `RulePool`. */
  readonly maxYoungGenerationSizeMb?: number | undefined
  readonly maxOldGenerationSizeMb?: number | undefined
}

const LOOP_WINDOW_MS = 5000

/** A cell in this process. */
export class LocalCell implements Cell {
  readonly #rules = new Map<string, RuleRunner>()
  readonly #listeners = new Set<(event: CellEvent) => void>()
  readonly #services: RuleServices
  readonly #masks = new SecretMasks()
  readonly #refusals = new RefusalNotes()
  readonly #watchdog: Watchdog
  readonly #spares: Spares
  readonly #spools: SpoolRoom | undefined
  readonly #stuck = new Map<string, RuleKey>()
  readonly #loopDelay: ReturnType<typeof monitorEventLoopDelay>
  readonly #loopWindow: NodeJS.Timeout
  /** What rules send each other is taken. */
  readonly #ready: Promise<void>
  #loopDelayMs = 0
  #isClosed = false

  constructor(options: LocalCellOptions) {
    const { maxYoungGenerationSizeMb, maxOldGenerationSizeMb } = options
    const scripts = new Map<Tier, Promise<string>>()
    const entry = (tier: Tier) => {
      const known = scripts.get(tier)
      if (known !== undefined) return known
      const made = bundleEntry(options.entries?.[tier] ?? entryOf(tier), options.cacheFolder)
      scripts.set(tier, made)
      // A build that failed is tried again with the next rule.
      made.catch(() => scripts.delete(tier))
      return made
    }
    this.#spares = new Spares({ entry, maxYoungGenerationSizeMb, maxOldGenerationSizeMb })
    this.#watchdog = new Watchdog(options.watchdog)
    const { dataFolder } = options
    const { sources } = options.connectors
    const standbyOf = (setup: StandbySetup) =>
      standBy(setup, sources, standbyLogger(setup, options.environment))
    this.#spools = dataFolder === undefined ? undefined : new SpoolRoom(dataFolder, standbyOf)
    this.#ready = this.#spools?.open() ?? Promise.resolve()
    this.#services = {
      spares: this.#spares,
      watchdog: this.#watchdog,
      shared: new SharedSources(),
      quotas: new Quotas(),
      spools: this.#spools,
      dataFolder,
      sources: options.connectors.sources,
      sinks: options.connectors.sinks,
      lookups: options.connectors.lookups ?? new Map(),
      environment: {
        commit: (key, checkpoint) => options.environment.commit(key, checkpoint),
        log: (line) => options.environment.log(this.#masks.line(line)),
        keyedState: async (tenant, keys) =>
          (await options.environment.keyedState?.(tenant, keys)) ?? [],
        refused: (refusal) => {
          this.#refusals.add(refusal)
          options.environment.refused?.(refusal)
        },
      },
      onState: (rule, state, message) => this.#changed(rule, state, message),
    }
    this.#loopDelay = monitorEventLoopDelay({ resolution: 10 })
    this.#loopDelay.enable()
    this.#loopWindow = setInterval(() => {
      this.#loopDelayMs = this.#loopDelay.percentile(99) / 1e6
      this.#loopDelay.reset()
    }, LOOP_WINDOW_MS).unref()
  }

  async deploy(rule: RuleSpec): Promise<void> {
    if (this.#isClosed) throw new CellError('closed', 'the cell is closed')
    if (this.#stuck.size > 0) {
      const text = 'a thread that cannot be ended runs in this process: it takes no more rules'
      throw new CellError('closed', `rule "${rule.rule}": ${text} until it is restarted`)
    }
    const key = nameOf(rule)
    if (this.#rules.get(key)?.isActive === true) {
      throw new CellError('already-deployed', `rule "${rule.rule}" runs already`)
    }
    const former = this.#rules.get(key)
    this.#masks.set(rule)
    this.#refusals.begin(rule)
    const runner = new RuleRunner(rule, this.#services)
    this.#rules.set(key, runner)
    try {
      await this.#ready
      await runner.start()
    } catch (error) {
      throw this.#masks.error(rule, error)
    }
    // What both use was taken again when it started: only what the former one alone used goes.
    if (former !== undefined) forgetLookups(former.spec, this.#services.lookups, rule)
  }

  async upgrade(rule: RuleSpec): Promise<void> {
    const runner = this.#known(rule)
    this.#masks.set(rule)
    try {
      await runner.upgrade(rule)
      this.#refusals.begin(rule)
    } catch (error) {
      throw this.#masks.error(rule, error)
    } finally {
      this.#masks.set(runner.spec)
    }
  }

  async resetSource(key: RuleKey, reset: StreamReset): Promise<void> {
    try {
      await this.#known(key).resetSource(reset)
    } catch (error) {
      throw this.#masks.error(key, error)
    }
  }

  async stop(key: RuleKey, options: StopOptions = {}): Promise<void> {
    await this.#known(key).stop(options)
  }

  async status(key: RuleKey): Promise<RuleStatus | undefined> {
    const status = await this.#rules.get(nameOf(key))?.status()
    if (status === undefined) return undefined
    const message = status.message || this.#refusals.line(key)
    return this.#masks.status(key, { ...status, message })
  }

  async checkpoint(key: RuleKey): Promise<CommittedCheckpoint> {
    return this.#known(key).checkpoint()
  }

  async forget(key: RuleKey): Promise<void> {
    const name = nameOf(key)
    const runner = this.#rules.get(name)
    if (runner?.isActive === true) {
      throw new CellError('already-deployed', `rule "${key.rule}" runs: stop it first`)
    }
    this.#rules.delete(name)
    this.#masks.forget(key)
    this.#refusals.forget(key)
    await this.#ready
    const removed = await this.#spools?.forget(key.tenant, key.rule)
    await runner?.forget(removed)
    const { dataFolder } = this.#services
    if (dataFolder !== undefined) await new CacheRoom(dataFolder).forget(key)
  }

  /**
   * Ends the worker of a running rule; its successor takes over as after any other death. Resolves when the thread is gone.
   * For whoever has to show or to test that.
   */
  async endWorker(key: RuleKey, reason: string): Promise<void> {
    await this.#known(key).endWorker(reason)
  }

  watch(listener: (event: CellEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async health(): Promise<CellHealth> {
    const now = this.#loopDelay.percentile(99) / 1e6
    return {
      degraded: this.#stuck.size > 0,
      stuckRules: [...this.#stuck.values()],
      loopDelayMs: Math.max(now, this.#loopDelayMs),
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const stops = [...this.#rules.values()].map((runner) => runner.stop({ reason: 'cell closed' }))
    await Promise.all(stops)
    await this.#ready
    await this.#spools?.close()
    this.#spares.close()
    this.#watchdog.close()
    clearInterval(this.#loopWindow)
    this.#loopDelay.disable()
    this.#listeners.clear()
  }

  #known(key: RuleKey): RuleRunner {
    const runner = this.#rules.get(nameOf(key))
    if (runner === undefined) {
      throw new CellError('unknown-rule', `rule "${key.rule}" was never deployed here`)
    }
    return runner
  }

  #changed({ tenant, rule }: RuleKey, state: RuleState, message: string): void {
    if (state === 'stuck') this.#stuck.set(nameOf({ tenant, rule }), { tenant, rule })
    const text = this.#masks.text({ tenant, rule }, message)
    for (const listener of this.#listeners) listener({ tenant, rule, state, message: text })
  }
}

function nameOf({ tenant, rule }: RuleKey): string {
  return JSON.stringify([tenant, rule])
}
