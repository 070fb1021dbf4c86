import type { Logger } from '@plutino/sdk'
import {
  CellError,
  type CommittedCheckpoint,
  type RuleSpec,
  type RuleState,
  type RuleStatus,
  type StopOptions,
  type StreamReset,
} from '../cell.ts'
import { whenLate } from '../patience.ts'
import type { SpoolKey } from '../spool/spool-index.ts'
import { BackOff } from './back-off.ts'
import { until } from './deadline.ts'
import { keepLastState } from './last-state.ts'
import { ruleLogger } from './rule-logger.ts'
import { forgetLookups } from './rule-lookups.ts'
import { makeParts, type PartsEvents, type RuleParts, type RuleServices } from './rule-parts.ts'
import { RuleReport } from './rule-report.ts'
import { forgetSources } from './rule-sources.ts'
import { SetAside } from './set-aside.ts'
import { resetSource } from './source-reset.ts'
import { tierOf } from './tier.ts'
import { type UpgradeOptions, upgrade } from './upgrade.ts'

const DRAIN_MS = 1000
const LAST_COMMIT_MS = 5000

/**
 * The life of one rule:
 *
 *     starting ──▶ running ──▶ stopping ──▶ stopped
 *        ▲ worker dies │ ▲          │
 *        └─────────────┘ │          ├─────▶ stopped by error
 *        └──successor────┘          └─────▶ stuck
 *
 * `start` and `stop` are its commands; the rest happens to its parts. There is one way out, `#end`: whoever calls it
 * first says how it ended, it goes through whatever fails on the way, and never rejects.
 */
export class RuleRunner {
  #spec: RuleSpec
  readonly #services: RuleServices
  readonly #logger: Logger
  readonly #attempts: BackOff
  readonly #setAside: SetAside
  readonly #report: RuleReport
  #parts: RuleParts | undefined
  #state: RuleState = 'stopped'
  #message = ''
  #startedAt = 0
  #stoppedAt = 0
  #starting: Promise<void> | undefined
  #isOpening = true
  #stopping: Promise<void> | undefined
  /** Resolves when the stop is cut short. */
  readonly #cut = Promise.withResolvers<void>()
  #ending: Promise<void> | undefined
  #upgrading: Promise<void> | undefined
  /** Reported by a worker while it took over. */
  #missed: string | undefined

  constructor(spec: RuleSpec, services: RuleServices) {
    this.#spec = spec
    this.#services = services
    this.#logger = ruleLogger(spec, services.environment)
    this.#setAside = new SetAside(spec, this.#logger, services.dataFolder)
    this.#report = new RuleReport(this.#setAside)
    this.#attempts = new BackOff(spec.options.restart)
  }

  get spec(): RuleSpec {
    return this.#spec
  }

  get isActive(): boolean {
    return this.#isLive || this.#state === 'stopping'
  }

  /** It is meant to go on. */
  get #isLive(): boolean {
    return this.#state === 'starting' || this.#state === 'running'
  }

  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    this.#startedAt = Date.now()
    this.#enter('starting', '')
    try {
      await this.#open()
    } catch (error) {
      const failure = this.#openFailure(error)
      if (this.#stopping === undefined) await this.#end('stopped by error', failure.message)
      throw failure
    }
    if (this.#stopping !== undefined) return
    if (this.#ending !== undefined) {
      await this.#ending
      throw new CellError('open-failed', `rule "${this.spec.rule}": ${this.#message}`)
    }
    this.#enter('running', '')
  }

  async #open(): Promise<void> {
    const parts = await makeParts({
      rule: this.spec,
      services: this.#services,
      logger: this.#logger,
      setAside: this.#setAside,
      events: this.#events(),
    })
    this.#parts = parts
    if (this.#stopping !== undefined) throw new CellError('closed', 'it was stopped meanwhile')
    await Promise.all([parts.sinks.open(), parts.lookups.open()])
    await parts.keeper.start()
    this.#isOpening = false
    await parts.sources.open()
    parts.checkpointer.start()
  }

  /**
   * Ends it in order: sources, what is buffered, a checkpoint, the worker, the sinks. After `forceExitTimeoutMs` sources are
   * not waited for any more, what is buffered stays, no checkpoint is taken and the worker is ended as it is. Sinks and
   * spools have their own time in any case: what they hold is to be safe.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const { reason = 'canceled manually' } = options
    if (this.#stopping !== undefined) return this.#stopping
    if (!this.isActive) return this.#ending ?? Promise.resolve()
    this.#enter('stopping', reason)
    const { forceExitTimeoutMs: ms = 0 } = this.spec.options
    const calm = ms > 0 ? whenLate(ms, () => this.#cutShort(ms)) : () => {}
    this.#stopping = this.#stop(reason, options).finally(calm)
    return this.#stopping
  }

  async #stop(reason: string, { drainMs = DRAIN_MS, keepState }: StopOptions): Promise<void> {
    if (this.#isOpening) void this.#parts?.keeper.handle?.kill(reason)
    // Before its parts are all there they cannot be let go of. How the start went is told to who called it.
    await this.#starting?.catch(() => {})
    const parts = this.#parts
    if (parts !== undefined && this.#ending === undefined) {
      const sources = () => Promise.race([parts.sources.close(), this.#cut.promise])
      await this.#safely('stopping its sources', sources)
      await this.#safely('draining', () => drain(parts, drainMs))
      await this.#lastCheckpoint(parts, keepState)
    }
    await this.#end('stopped', reason)
  }

  #cutShort(ms: number): void {
    const reason = `it did not stop within ${ms} ms (forceExitTimeout)`
    this.#logger.warn(`${reason}: its worker is ended as it is`)
    this.#parts?.keeper.cut(reason)
    this.#parts?.checkpointer.stop()
    this.#cut.resolve()
  }

  async checkpoint(): Promise<CommittedCheckpoint> {
    return this.#running().checkpointer.take()
  }

  /** Other versions of its plugins, while it runs on: see `upgrade`. */
  async upgrade(next: RuleSpec): Promise<void> {
    const { epoch, generation, checkpoint } = this.spec
    const spec = { ...next, epoch, generation, checkpoint }
    await this.#swap((given) => upgrade({ ...given, next: spec }))
    this.#spec = spec
  }

  /** One of its sources goes on elsewhere, while it runs on: see `resetSource`. */
  resetSource(reset: StreamReset): Promise<void> {
    return this.#swap((given) => resetSource({ ...given, reset }))
  }

  async #swap(work: (given: Omit<UpgradeOptions, 'next'>) => Promise<void>): Promise<void> {
    if (this.#upgrading !== undefined || this.#parts === undefined || this.#state !== 'running')
      throw new CellError('not-swapped', `rule "${this.spec.rule}" is not running`)
    const { spares } = this.#services
    const tier = tierOf(this.spec)
    const swapped = work({
      parts: this.#parts,
      take: () => spares.take(tier),
      release: () => spares.release(tier),
      gone: () => {
        this.#missed = undefined
      },
    })
    this.#upgrading = swapped.catch(() => {})
    try {
      await swapped
    } finally {
      this.#upgrading = undefined
      const missed = this.#missed
      this.#missed = undefined
      if (missed !== undefined) this.#failed(missed)
    }
  }

  /** Resolves when the worker is gone; it has a successor as long as the rule runs. */
  async endWorker(reason: string): Promise<void> {
    await this.#running().keeper.handle?.kill(reason)
  }

  /** The rule is no more: what its sources keep elsewhere ends. @param removed spools that nobody needs any more */
  async forget(removed: readonly SpoolKey[] = []): Promise<void> {
    const { sources: types, spools, lookups } = this.#services
    forgetLookups(this.spec, lookups)
    const hostId = await spools?.hostId()
    await forgetSources(this.spec, { types, hostId, removed, logger: this.#logger })
    await this.#setAside.forget()
  }

  async status(): Promise<RuleStatus> {
    await this.#report.fresh(this.#parts)
    return this.#report.make(this.#parts, this.#standing)
  }

  #events(): PartsEvents {
    return {
      died: (reason, restartMs) => this.#died(reason, restartMs),
      restarted: () => this.#restarted(),
      failed: (reason) => this.#failed(reason),
      stuck: (reason) => this.#stuck(reason),
      done: () => void this.#complete(),
      committed: (failure) => this.#committed(failure),
      stale: (reason) => void this.#end('stopped by error', reason),
    }
  }

  #died(reason: string, restartMs: number | undefined): void {
    this.#logger.warn(`its worker died: ${reason}`)
    if (restartMs === undefined || !this.#isLive) return
    this.#enter('starting', `${reason}; starts again in ${Math.round(restartMs)} ms`)
  }

  #restarted(): void {
    if (this.#isLive) this.#enter('running', '')
  }

  #failed(reason: string): void {
    if (!this.#isLive || this.#ending !== undefined) return
    if (this.#upgrading !== undefined) {
      this.#missed = reason
      return
    }
    // of two that fail together one is an attempt
    if (this.#parts?.keeper.awaitsRestart === true) return
    const ms = this.#attempts.next()
    const { attempts } = this.spec.options.restart
    const used = attempts > 0 ? `; all ${attempts} attempts to restart it are used up` : ''
    if (ms === undefined) void this.#end('stopped by error', reason + used)
    else this.#parts?.keeper.restartIn(ms, reason)
  }

  /** What is not kept is said once, and that it is again. */
  #committed(failure: string | undefined): void {
    const before = this.#report.commitFailure
    this.#report.commitFailure = failure
    if (before === undefined && failure !== undefined) {
      this.#logger.warn(`its checkpoints cannot be kept: ${failure}`)
    } else if (before !== undefined && failure === undefined) {
      this.#logger.warn('its checkpoints are kept again')
    }
  }

  #stuck(reason: string): void {
    this.#logger.error(`its worker cannot be ended: ${reason}`)
    void this.#end('stuck', reason)
  }

  async #complete(): Promise<void> {
    const parts = this.#parts
    if (parts === undefined || !this.#isLive) return
    await until(() => parts.sinks.isEmpty || !this.#isLive, Number.POSITIVE_INFINITY)
    if (!this.#isLive) return
    await this.#lastCheckpoint(parts)
    await this.#end('stopped', 'done')
  }

  async #lastCheckpoint(parts: RuleParts, keepState = false): Promise<void> {
    const { keeper } = parts
    const { qos, saveStateBeforeStop } = this.spec.options
    keeper.pause()
    const isKept = keepState || qos > 0 || saveStateBeforeStop
    if (!isKept) {
      await keeper.flush().catch((error: Error) => this.#logger.warn(error.message))
    } else if (keeper.handle !== undefined) {
      await keepLastState(parts, LAST_COMMIT_MS).catch((error: Error) =>
        this.#logger.warn(`no checkpoint before the stop: ${error.message}`),
      )
    }
  }

  /** The first to call it says how it ended. Never rejects. */
  #end(state: RuleState, message: string): Promise<void> {
    this.#ending ??= this.#letGo(state, message)
    return this.#ending
  }

  async #letGo(state: RuleState, message: string): Promise<void> {
    const parts = this.#parts
    // first of all: with the news that it is stuck the host begins to end
    await this.#safely('keeping what was in hand', () =>
      this.#setAside.keepSuspects(state === 'stuck' ? parts?.keeper.feeder.suspects : undefined),
    )
    if (this.#state !== 'stopping') this.#enter(state === 'stuck' ? state : 'stopping', message)
    const isStuck = parts !== undefined && (await this.#close(parts))
    const end = isStuck ? 'stuck' : state
    this.#stoppedAt = Date.now()
    if (parts !== undefined) this.#report.keep(parts, { ...this.#standing, state: end, message })
    this.#parts = undefined
    this.#enter(end, message)
  }

  /** Each part is closed, whatever becomes of the others. @returns true when the thread cannot be ended */
  async #close(parts: RuleParts): Promise<boolean> {
    const { checkpointer, sources, keeper, sinks, lookups, spools } = parts
    let isStuck = false
    checkpointer.stop()
    await this.#safely('closing its sources', () => sources.close())
    await this.#safely('ending its worker', async () => {
      isStuck = (await keeper.close()) === 'stuck'
      await this.#upgrading
    })
    await Promise.all([
      this.#safely('closing its sinks', () => sinks.close()),
      this.#safely('closing its lookup tables', () => lookups.close()),
    ])
    await Promise.all([
      this.#safely('closing its spools', () => spools.close()),
      this.#safely('keeping what was set aside', () => this.#setAside.close()),
    ])
    this.#services.spares.release(tierOf(this.spec))
    return isStuck
  }

  /** What fails is logged, and is no reason to leave the rest open. */
  async #safely(what: string, work: () => unknown): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#logger.error(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  get #standing() {
    return {
      state: this.#state,
      message: this.#message,
      startedAt: this.#startedAt,
      stoppedAt: this.#stoppedAt,
    }
  }

  #enter(state: RuleState, message: string): void {
    this.#state = state
    this.#message = message
    try {
      this.#services.onState(this.spec, state, message)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#logger.error(`telling that it is ${state}: ${reason}`)
    }
  }

  #running(): RuleParts {
    const parts = this.#parts
    if (parts === undefined || this.#state !== 'running') {
      throw new CellError('unknown-rule', `rule "${this.spec.rule}" is not running`)
    }
    return parts
  }

  #openFailure(error: unknown): CellError {
    if (error instanceof CellError) return error
    const message = error instanceof Error ? error.message : String(error)
    const name = `rule "${this.spec.rule}": `
    const text = message.startsWith(name) ? message : name + message
    return new CellError('open-failed', text, { cause: error })
  }
}

async function drain({ keeper, sinks }: RuleParts, ms: number): Promise<void> {
  await until(() => keeper.handle === undefined || (keeper.feeder.isIdle && sinks.isIdle), ms)
}
