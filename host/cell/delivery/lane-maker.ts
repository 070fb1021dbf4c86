import type { Logger } from '@plutino/sdk'
import { type ActionSpec, CellError, type RuleSpec } from '../cell.ts'
import type { ConnectorContext, ConnectorType, SinkConnector } from '../connectors/connector.ts'
import { Connection } from '../rule/connection.ts'
import type { Lane } from '../rule/lane.ts'
import { SinkLane } from '../rule/sink-lane.ts'
import { type ActionOptions, readActionOptions } from './action-options.ts'
import type { CacheRoom } from './cache-room.ts'
import { CachedLane } from './cached-lane.ts'
import { DeadLetters } from './dead-letters.ts'
import { Outlet } from './outlet.ts'
import { Sender } from './sender.ts'
import type { WorkerLine } from './worker-line.ts'
import { WorkerSink } from './worker-sink.ts'

export interface LaneMakerOptions {
  readonly rule: RuleSpec
  readonly generation: string
  readonly types: ReadonlyMap<string, ConnectorType<SinkConnector>>
  readonly room: CacheRoom | undefined
  /** To the worker, for sinks of plugins. */
  readonly line: WorkerLine
  readonly logger: Logger
  readonly signal: AbortSignal
  onProgress(): void
}

const PASSING_WAIT_MS = 5000

/** Makes what stands between a rule and its sinks: outlets, senders, caches, dead letters. */
export class LaneMaker {
  readonly #options: LaneMakerOptions
  /** Names of the actions that have a cache: they stay the same when others come and go. */
  readonly cached = new Set<string>()
  /** Where tuples go that kill the worker. */
  readonly poison: DeadLetters | undefined

  constructor(options: LaneMakerOptions) {
    this.#options = options
    const { deadLetter } = options.rule
    this.poison = deadLetter && this.#deadLetters(deadLetter, { name: 'rule' }, {})
  }

  /** @throws CellError for a sink that there is not, or a property that cannot be */
  make(index: number, position: number): Lane {
    const { rule, logger, signal, onProgress } = this.#options
    const action = rule.actions[index]
    if (action === undefined) throw new CellError('unknown-connector', `no action ${index}`)
    const options = readActionOptions(action)
    const name = `action ${index} (${action.type})`
    const connection = new Connection({ name, logger })
    const context = this.#context(`${action.type}_${index}`, connection)
    const isPlugins = rule.plan.actions[index]?.plugin !== undefined
    const connector = this.#connector(action, context.name, isPlugins ? index : -1)
    const outlet = new Outlet(connector, context, options.openTimeoutMs)
    const deadLetters =
      options.deadLetter &&
      this.#deadLetters(
        options.deadLetter,
        { name: context.name, index },
        {
          action: context.name,
          target: targetOf(action),
        },
      )
    const { retryAttempts, retryDelayMs, retryMaxDelayMs, cipher } = options
    const sender = new Sender({
      outlet,
      retryAttempts,
      retryDelayMs,
      retryMaxDelayMs,
      deadLetters,
      signal,
      onDrop: (count, error) =>
        logger.error(`sink "${context.name}": ${count} payloads are dropped: ${error.message}`),
    })
    const lane = {
      outlet,
      sender,
      deadLetters,
      connection,
      context,
      cipher,
      epoch: rule.epoch,
      position,
      onProgress,
    }
    const { cache } = options
    if (cache === undefined) return new SinkLane(lane)
    return new CachedLane({ ...lane, cache, openCache: this.#cacheOf(index, cache) })
  }

  #cacheOf(index: number, cache: NonNullable<ActionOptions['cache']>) {
    const { room, rule, generation } = this.#options
    const type = rule.actions[index]?.type ?? ''
    const nth = rule.actions.slice(0, index).filter((other) => other.type === type).length
    const name = `${type}_${nth}`
    if (room === undefined) {
      const text = `rule "${rule.rule}": action ${type} has enableCache, and this cell keeps nothing on disk`
      throw new CellError('bad-property', text)
    }
    this.cached.add(name)
    return () =>
      room.open(rule, name, {
        generation,
        epoch: rule.epoch,
        maxPayloads: cache.maxDiskCache,
        maxBytes: cache.maxDiskCacheBytes,
        pageSize: cache.bufferPageSize,
      })
  }

  #deadLetters(
    action: ActionSpec,
    of: { readonly name: string; readonly index?: number },
    origin: { readonly action?: string; readonly target?: string | undefined },
  ): DeadLetters {
    const { rule } = this.#options
    const context = this.#context(`${of.name}_dead_letter`, new Connection())
    const { actions, deadLetters = [] } = rule.plan
    const nth = deadLetters.findIndex((letters) => letters.action === of.index)
    const number = nth < 0 ? -1 : actions.length + nth
    return new DeadLetters({
      outlet: new Outlet(this.#connector(action, context.name, number), context, PASSING_WAIT_MS),
      context,
      epoch: rule.epoch,
      origin: { rule: rule.rule, ...origin },
    })
  }

  /** @param number of a plugin's sink in the worker; -1: it is one of the host's */
  #connector({ type, props }: ActionSpec, name: string, number: number): SinkConnector {
    const { types, rule, line } = this.#options
    if (number >= 0) return new WorkerSink(line, number)
    const maker = types.get(type)
    if (maker === undefined) {
      const text = `rule "${rule.rule}": no sink type "${type}" for ${name}`
      throw new CellError('unknown-connector', text)
    }
    const connector = maker.create()
    connector.configure(props)
    return connector
  }

  #context(name: string, connection: Connection): ConnectorContext {
    const { rule, generation, logger, signal } = this.#options
    return {
      tenant: rule.tenant,
      ruleId: rule.rule,
      name,
      generation,
      signal,
      logger,
      clock: { now: Date.now },
      qos: rule.options.qos,
      connection: connection.set.bind(connection),
    }
  }
}

function targetOf({ props }: ActionSpec): string | undefined {
  const target = props.topic ?? props.url ?? props.path
  return typeof target === 'string' ? target : undefined
}
