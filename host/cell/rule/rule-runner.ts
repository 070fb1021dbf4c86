import type { Logger } from '@plutino/sdk'
import {
  type CellEnvironment,
  CellError,
  type CommittedCheckpoint,
  type RuleKey,
  type RuleSpec,
  type RuleState,
  type RuleStatus,
  type StopOptions,
} from '../cell.ts'
import type { ConnectorType, SinkConnector, SourceConnector } from '../connectors/connector.ts'
import type { LookupConnector } from '../connectors/lookup/lookup.ts'
import type { SpoolRoom } from '../spool/spool-room.ts'
import type { Spares } from '../workers/spares.ts'
import type { Watchdog } from '../workers/watchdog.ts'
import { BackOff } from './back-off.ts'
import { Checkpointer } from './checkpointer.ts'
import { until, within } from './deadline.ts'
import { sourceFigures } from './flow-figures.ts'
import { FlowKeeper } from './flow-keeper.ts'
import { hostCalls, type RuleCalls } from './host-calls.ts'
import { ruleLogger } from './rule-logger.ts'
import { RuleLookups } from './rule-lookups.ts'
import { RuleSinks } from './rule-sinks.ts'
import { forgetSources, RuleSources } from './rule-sources.ts'
import { RuleSpools } from './rule-spools.ts'
import { SetAside } from './set-aside.ts'
import type { SharedSources } from './shared-sources.ts'
import { tierOf } from './tier.ts'

/** What the rules of a cell share. */
export interface RuleServices {
  readonly spares: Spares
  readonly watchdog: Watchdog
  readonly shared: SharedSources
  /** `undefined`: this cell keeps nothing on disk. */
  readonly spools: SpoolRoom | undefined
  readonly dataFolder: string | undefined
  readonly sources: ReadonlyMap<string, ConnectorType<SourceConnector>>
  readonly sinks: ReadonlyMap<string, ConnectorType<SinkConnector>>
  readonly lookups: ReadonlyMap<string, ConnectorType<LookupConnector>>
  readonly environment: CellEnvironment
  onState(rule: RuleSpec, state: RuleState, message: string): void
}

const DRAIN_MS = 1000
const LAST_COMMIT_MS = 5000

/** What runs of a rule, from its first worker to its end. */
interface Parts {
  readonly spools: RuleSpools
  readonly sinks: RuleSinks
  readonly sources: RuleSources
  readonly lookups: RuleLookups
  readonly keeper: FlowKeeper
  readonly checkpointer: Checkpointer
}

/** The life of one rule: opened, kept running, stopped; with the reasons. */
export class RuleRunner {
  readonly spec: RuleSpec
  readonly #services: RuleServices
  readonly #logger: Logger
  readonly #attempts: BackOff
  readonly #setAside: SetAside
  #parts: Parts | undefined
  #state: RuleState = 'stopped'
  #message = ''
  #startedAt = 0
  #stoppedAt = 0
  /** Of a rule that has ended. */
  #last: RuleStatus | undefined
  #starting: Promise<void> | undefined
  #isOpening = true
  #stopping: Promise<void> | undefined
  #ending: Promise<void> | undefined

  constructor(spec: RuleSpec, services: RuleServices) {
    this.spec = spec
    this.#services = services
    this.#logger = ruleLogger(spec, services.environment)
    this.#setAside = new SetAside(spec, this.#logger, services.dataFolder)
    this.#attempts = new BackOff(spec.options.restart)
  }

  get isActive(): boolean {
    return this.#state === 'starting' || this.#state === 'running' || this.#state === 'stopping'
  }

  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    this.#startedAt = Date.now()
    this.#enter('starting', '')
    try {
      const parts = await this.#build()
      this.#parts = parts
      if (this.#stopping !== undefined) throw new CellError('closed', 'it was stopped meanwhile')
      await Promise.all([parts.sinks.open(), parts.lookups.open()])
      await parts.keeper.start()
      this.#isOpening = false
      await parts.sources.open()
      parts.checkpointer.start()
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

  /** Ends it in order: sources, what is buffered, a checkpoint, the worker, the sinks. */
  stop({ reason = 'canceled manually', drainMs = DRAIN_MS }: StopOptions = {}): Promise<void> {
    if (this.#stopping !== undefined) return this.#stopping
    if (!this.isActive) return Promise.resolve()
    this.#enter('stopping', reason)
    this.#stopping = this.#stop(reason, drainMs)
    return this.#stopping
  }

  async checkpoint(): Promise<CommittedCheckpoint> {
    const { checkpointer } = this.#running()
    return checkpointer.take()
  }

  /** Resolves when the worker is gone; it has a successor as long as the rule runs. */
  async endWorker(reason: string): Promise<void> {
    await this.#running().keeper.handle?.kill(reason)
  }

  /** The rule is no more: what its sources keep elsewhere ends. */
  async forget(): Promise<void> {
    const { sources, spools } = this.#services
    await forgetSources(this.spec, sources, await spools?.hostId(), this.#logger)
  }

  async status(): Promise<RuleStatus> {
    const keeper = this.#parts?.keeper
    const usage = await within(cpuOf(keeper), 200, 'cpu usage').catch(() => undefined)
    if (keeper !== undefined && usage !== undefined) keeper.cpuMs = usage
    return this.#statusNow()
  }

  async #build(): Promise<Parts> {
    const { spec } = this
    const spools = await RuleSpools.open(spec, this.#services.sources, this.#services.spools)
    try {
      return await this.#assemble(spools)
    } catch (error) {
      await spools.close()
      throw error
    }
  }

  async #assemble(spools: RuleSpools): Promise<Parts> {
    const { spec } = this
    const { shared, sources: sourceTypes, sinks: sinkTypes, spares, watchdog } = this.#services
    const { generation } = spools
    const logger = this.#logger
    const onProgress = () => {
      checkpointer.progress()
      keeper.progress()
    }
    const sinks = new RuleSinks({ rule: spec, generation, types: sinkTypes, logger, onProgress })
    const lookups = new RuleLookups({
      rule: spec,
      generation,
      types: this.#services.lookups,
      logger,
    })
    const listener = {
      ended: () => {},
      failed: (error: Error) => this.#failed(error.message),
      spooled: () => {
        if (spools.wantsCheckpoint) checkpointer.hurry()
      },
    }
    const sources = new RuleSources({
      rule: spec,
      spools,
      types: sourceTypes,
      shared,
      logger,
      listener,
    })
    const pool = await spares.take(tierOf(spec)).catch(async (error: unknown) => {
      await sources.close()
      throw error
    })
    const keeper = new FlowKeeper({
      rule: spec,
      pool,
      watchdog,
      sources,
      sinks,
      logger,
      methods: () => hostCalls(this.#calls({ sinks, sources, lookups, keeper })),
      lastCheckpoint: () => checkpointer.settled(),
      onDeath: (reason, ms) => this.#died(reason, ms),
      onRestarted: () => this.#enter('running', this.#setAside.text),
      onStuck: (reason) => this.#stuck(reason),
      onOpenFailed: (error) => this.#failed(error.message),
      onDone: () => void this.#complete(),
      onSetAside: (source, frame) => {
        this.#setAside.add(source, frame)
        this.#message = this.#setAside.text
      },
    })
    const checkpointer = new Checkpointer({
      epoch: spec.epoch,
      generation,
      streams: spec.sources.map(({ stream }) => stream),
      intervalMs: spec.options.qos > 0 ? spec.options.checkpointIntervalMs : 0,
      initial: spec.checkpoint,
      after: (index) => sources.after(index),
      isDue: () => spools.wantsCheckpoint || keeper.isFarAhead(checkpointer.last),
      snapshot: () => this.#handle(keeper).checkpoint(),
      acknowledged: () => sinks.acknowledged(),
      commit: (checkpoint) => this.#services.environment.commit(keyOf(spec), checkpoint),
      onCommitted: (checkpoint) => sources.committed(checkpoint),
      onStale: (error) => void this.#end('stopped by error', error.message),
    })
    return { spools, sinks, sources, lookups, keeper, checkpointer }
  }

  #calls({ sinks, sources, lookups, keeper }: Omit<Parts, 'checkpointer' | 'spools'>): RuleCalls {
    return {
      actions: this.spec.plan.actions.length,
      sources: this.spec.plan.sources.map(({ plugin }) => plugin !== undefined),
      write: (source, chunk, count) =>
        sources.all[source]?.intake.write(chunk, count) ?? Promise.resolve(),
      emit: (emissions) => keeper.emit(() => sinks.accept(emissions)),
      delivered: (action, sequence) => {
        sinks.delivered(action, sequence)
        this.#parts?.checkpointer.progress()
      },
      failed: ({ plugin, where, message }) => this.#failed(`${plugin}: ${where}: ${message}`),
      ended: (source) => sources.all[source]?.end(),
      lookup: (source, columns, keys) => lookups.lookup(source, columns, keys),
      log: (level, plugin, text) => this.#log(level, plugin, text),
    }
  }

  #died(reason: string, restartMs: number | undefined): void {
    this.#parts?.checkpointer.abandon()
    this.#logger.warn(`its worker died: ${reason}`)
    if (restartMs === undefined || this.#state === 'stopping') return
    this.#enter('starting', `${reason}; starts again in ${Math.round(restartMs)} ms`)
  }

  /** A plugin or a source has reported that it cannot go on. */
  #failed(reason: string): void {
    if (this.#state !== 'running' && this.#state !== 'starting') return
    const ms = this.#attempts.next()
    if (ms === undefined) void this.#end('stopped by error', reason)
    else this.#parts?.keeper.restartIn(ms, reason)
  }

  #stuck(reason: string): void {
    this.#logger.error(`its worker cannot be ended: ${reason}`)
    void this.#end('stuck', reason)
  }

  async #complete(): Promise<void> {
    if (this.#state !== 'running' && this.#state !== 'starting') return
    const parts = this.#parts
    if (parts === undefined) return
    const isOver = () => this.#state !== 'running' && this.#state !== 'starting'
    await until(() => parts.sinks.isIdle || isOver(), Number.POSITIVE_INFINITY)
    if (isOver()) return
    await this.#lastCheckpoint(parts)
    await this.#end('stopped', 'done')
  }

  async #stop(reason: string, drainMs: number): Promise<void> {
    if (this.#isOpening) void this.#parts?.keeper.handle?.kill(reason)
    // Before its parts are all there they cannot be let go of. How the start went is told to who called it.
    await this.#starting?.catch(() => {})
    const parts = this.#parts
    if (parts !== undefined) {
      const { sources, keeper, sinks } = parts
      await sources.close()
      const isDrained = () => keeper.handle === undefined || (keeper.feeder.isIdle && sinks.isIdle)
      await until(isDrained, drainMs)
      await this.#lastCheckpoint(parts)
    }
    await this.#end('stopped', reason)
  }

  async #lastCheckpoint({ checkpointer, keeper }: Parts): Promise<void> {
    const { qos, saveStateBeforeStop } = this.spec.options
    keeper.pause()
    if (keeper.handle === undefined || (qos === 0 && !saveStateBeforeStop)) return
    await within(checkpointer.take(), LAST_COMMIT_MS, 'the checkpoint before the stop').catch(
      (error: Error) => this.#logger.warn(`no checkpoint before the stop: ${error.message}`),
    )
  }

  #end(state: RuleState, message: string): Promise<void> {
    this.#ending ??= this.#letGo(state, message)
    return this.#ending
  }

  async #letGo(state: RuleState, message: string): Promise<void> {
    const parts = this.#parts
    if (this.#state !== 'stopping') this.#enter(state === 'stuck' ? state : 'stopping', message)
    let end = state
    if (parts !== undefined) {
      parts.checkpointer.stop()
      await parts.sources.close()
      if ((await parts.keeper.close()) === 'stuck') end = 'stuck'
      await Promise.all([parts.sinks.close(), parts.lookups.close()])
      await Promise.all([parts.spools.close(), this.#setAside.close()])
      this.#services.spares.release(tierOf(this.spec))
    }
    this.#stoppedAt = Date.now()
    this.#last = { ...this.#statusNow(), state: end, message }
    this.#parts = undefined
    this.#enter(end, message)
  }

  #statusNow(): RuleStatus {
    const parts = this.#parts
    const last = parts?.checkpointer.last
    const known = this.#last
    return {
      state: this.#state,
      message: parts?.sources.trouble || this.#message,
      lastStartTimestamp: this.#startedAt,
      lastStopTimestamp: this.#stoppedAt,
      metrics: parts === undefined ? (known?.metrics ?? {}) : this.#figures(parts),
      deaths: [...(parts?.keeper.deaths ?? known?.deaths ?? [])],
      restarts: parts?.keeper.restarts ?? known?.restarts ?? 0,
      memoryBytes: parts?.keeper.memoryBytes ?? 0,
      cpuMs: parts?.keeper.cpuMs ?? known?.cpuMs ?? 0,
      checkpoint:
        parts === undefined
          ? known?.checkpoint
          : last && { epoch: last.epoch, at: last.at, bytes: last.state.byteLength },
    }
  }

  #enter(state: RuleState, message: string): void {
    this.#state = state
    this.#message = message
    this.#services.onState(this.spec, state, message)
  }

  #figures({
    sources,
    keeper,
    sinks,
    checkpointer,
  }: Parts): Readonly<Record<string, number | string>> {
    const all = sources.all.map((source, index) =>
      sourceFigures(source, keeper.feeder.reader(index), this.#setAside.of(index)),
    )
    const own = [keeper.figures.figures(), sinks.figures(), checkpointer.figures()]
    return Object.assign({}, ...all, ...own)
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', plugin: string, text: string): void {
    if (level === 'debug' && !this.spec.options.debug) return
    this.#services.environment.log({ ...keyOf(this.spec), level, text, plugin })
  }

  #running(): Parts {
    const parts = this.#parts
    if (parts === undefined || this.#state !== 'running') {
      throw new CellError('unknown-rule', `rule "${this.spec.rule}" is not running`)
    }
    return parts
  }

  #handle(keeper: FlowKeeper) {
    if (keeper.handle !== undefined) return keeper.handle
    throw new CellError('worker-died', `rule "${this.spec.rule}": its worker is starting again`)
  }

  #openFailure(error: unknown): CellError {
    if (error instanceof CellError) return error
    const message = error instanceof Error ? error.message : String(error)
    const name = `rule "${this.spec.rule}": `
    const text = message.startsWith(name) ? message : name + message
    return new CellError('open-failed', text, { cause: error })
  }
}

function keyOf({ tenant, rule }: RuleKey): RuleKey {
  return { tenant, rule }
}

async function cpuOf(keeper: FlowKeeper | undefined): Promise<number | undefined> {
  const usage = await keeper?.handle?.worker.cpuUsage()
  return usage && (usage.user + usage.system) / 1000
}
