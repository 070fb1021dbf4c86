import type { Logger } from '@plutino/sdk'
import { type CellEnvironment, CellError, type RuleSpec, type RuleState } from '../cell.ts'
import type { ConnectorType, SinkConnector, SourceConnector } from '../connectors/connector.ts'
import type { LookupConnector } from '../connectors/lookup/lookup.ts'
import type { Quotas } from '../facades/files/quota.ts'
import type { SpoolRoom } from '../spool/spool-room.ts'
import type { Spares } from '../workers/spares.ts'
import type { Watchdog } from '../workers/watchdog.ts'
import { Checkpointer } from './checkpointer.ts'
import { isFarAhead } from './far-ahead.ts'
import { FlowKeeper } from './flow-keeper.ts'
import { hostCalls, type RuleCalls } from './host-calls.ts'
import { RuleLookups } from './rule-lookups.ts'
import { RuleSinks } from './rule-sinks.ts'
import { RuleSources } from './rule-sources.ts'
import { RuleSpools } from './rule-spools.ts'
import type { SetAside } from './set-aside.ts'
import type { SharedSources } from './shared-sources.ts'
import { tierOf } from './tier.ts'

/** What the rules of a cell share. */
export interface RuleServices {
  readonly spares: Spares
  readonly watchdog: Watchdog
  readonly shared: SharedSources
  /** What is used of plugins' private folders. */
  readonly quotas?: Quotas | undefined
  /** `undefined`: this cell keeps nothing on disk. */
  readonly spools: SpoolRoom | undefined
  readonly dataFolder: string | undefined
  readonly sources: ReadonlyMap<string, ConnectorType<SourceConnector>>
  readonly sinks: ReadonlyMap<string, ConnectorType<SinkConnector>>
  readonly lookups: ReadonlyMap<string, ConnectorType<LookupConnector>>
  readonly environment: CellEnvironment
  onState(rule: RuleSpec, state: RuleState, message: string): void
}

/** What runs of a rule, from its first worker to its end. */
export interface RuleParts {
  readonly spools: RuleSpools
  readonly sinks: RuleSinks
  readonly sources: RuleSources
  readonly lookups: RuleLookups
  readonly keeper: FlowKeeper
  readonly checkpointer: Checkpointer
}

/** What happens to the parts that the rule's life depends on. */
export interface PartsEvents {
  /** `restartMs`: until the worker's successor starts; `undefined`: there will be none. */
  died(reason: string, restartMs: number | undefined): void
  restarted(): void
  /** A plugin or a source has reported that it cannot go on. */
  failed(reason: string): void
  /** The worker's thread cannot be ended. */
  stuck(reason: string): void
  /** All sources have ended and everything was emitted. */
  done(): void
  /** A newer start of the rule has taken over. */
  stale(reason: string): void
  /** A checkpoint was kept, or could not be: why. */
  committed(failure: string | undefined): void
}

export interface PartsOptions {
  readonly rule: RuleSpec
  readonly services: RuleServices
  readonly logger: Logger
  readonly setAside: SetAside
  readonly events: PartsEvents
}

/** Makes the parts of a rule and joins them. Nothing is open yet but the spools; a thread is taken. */
export async function makeParts(options: PartsOptions): Promise<RuleParts> {
  const { rule, services } = options
  const spools = await RuleSpools.open(rule, services.sources, services.spools)
  try {
    return await assemble(options, spools)
  } catch (error) {
    await spools.close()
    throw error
  }
}

async function assemble(options: PartsOptions, spools: RuleSpools): Promise<RuleParts> {
  const { rule, services, logger, setAside, events } = options
  const { shared, spares, watchdog } = services
  const { generation } = spools
  const onProgress = () => {
    checkpointer.progress()
    keeper.progress()
  }
  const { dataFolder, sinks: types } = services
  const sinks = new RuleSinks({ rule, generation, types, dataFolder, logger, onProgress })
  const lookups = new RuleLookups({ rule, generation, types: services.lookups, logger })
  const listener = {
    ended: () => {},
    failed: (error: Error) => events.failed(error.message),
    spooled: () => {
      if (spools.wantsCheckpoint) checkpointer.hurry()
    },
  }
  const sources = new RuleSources({
    rule,
    spools,
    types: services.sources,
    shared,
    logger,
    listener,
  })
  const suspects = await setAside.suspects()
  const pool = await spares.take(tierOf(rule)).catch(async (error: unknown) => {
    await sources.close()
    throw error
  })
  const calls = (): RuleCalls => ({
    actions: rule.plan.actions.length,
    sources: rule.plan.sources.map(({ plugin, kind }) => plugin !== undefined && kind !== 'lookup'),
    write: (source, chunk, count) => sources.all[source]?.write(chunk, count) ?? Promise.resolve(),
    emit: (emissions, wakeAt) => keeper.emit(() => sinks.accept(emissions), wakeAt),
    delivered: (action, sequence, dropped) => {
      sinks.delivered(action, sequence, dropped)
      checkpointer.progress()
    },
    failed: ({ plugin, where, message }) => {
      if (where !== 'stray') events.failed(`${plugin}: ${where}: ${message}`)
      else {
        const who = plugin === '' ? 'one of its plugins' : `plugin ${plugin}`
        void keeper.handle?.kill(`${who} left an error that nobody caught: ${message}`)
      }
    },
    ended: (source) => sources.all[source]?.end(),
    lookup: (source, columns, keys) => lookups.lookup(source, columns, keys),
    keyedState: async (keys) => (await services.environment.keyedState?.(rule.tenant, keys)) ?? [],
    beat: () => keeper.beat(),
    breached: (plugin, limit, count) => keeper.limits.add(limit, count, plugin),
    log: (level, plugin, text) => {
      if (level === 'debug' && !rule.options.debug) return
      services.environment.log({ tenant: rule.tenant, rule: rule.rule, level, text, plugin })
    },
  })
  const keeper: FlowKeeper = new FlowKeeper({
    rule,
    numbering: generation,
    pool,
    suspects,
    quotas: services.quotas,
    watchdog,
    sources,
    sinks,
    logger,
    methods: () => hostCalls(calls()),
    lastCheckpoint: () => checkpointer.settled(),
    onDeath: (reason, ms) => {
      checkpointer.abandon()
      events.died(reason, ms)
    },
    onRestarted: () => events.restarted(),
    onStuck: (reason) => events.stuck(reason),
    onOpenFailed: (error) => events.failed(error.message),
    onDone: () => events.done(),
    onRefused: (refusal) => services.environment.refused?.(refusal),
    onSetAside: (source, frame) => {
      setAside.add(source, frame)
      sinks.setAside(source, frame)
    },
  })
  const checkpointer: Checkpointer = new Checkpointer({
    epoch: rule.epoch,
    generation,
    streams: rule.sources.map(({ stream }) => stream),
    intervalMs: rule.options.qos > 0 ? rule.options.checkpointIntervalMs : 0,
    initial: rule.checkpoint,
    after: (index) => sources.after(index),
    isDue: () =>
      spools.wantsCheckpoint ||
      isFarAhead(rule, { sources, feeder: keeper.feeder }, checkpointer.last),
    snapshot: async (isCut) => {
      if (keeper.handle !== undefined) return keeper.handle.checkpoint(isCut)
      throw new CellError('worker-died', `rule "${rule.rule}": its worker is starting again`)
    },
    acknowledged: () => sinks.acknowledged(),
    commit: async (checkpoint) => {
      const key = { tenant: rule.tenant, rule: rule.rule }
      try {
        await services.environment.commit(key, checkpoint)
        events.committed(undefined)
      } catch (error) {
        events.committed(error instanceof Error ? error.message : String(error))
        throw error
      }
    },
    onCommitted: (checkpoint) => {
      keeper.stateBytes = checkpoint.state.byteLength
      sources.committed(checkpoint)
    },
    onStale: (error) => events.stale(error.message),
  })
  return { spools, sinks, sources, lookups, keeper, checkpointer }
}
