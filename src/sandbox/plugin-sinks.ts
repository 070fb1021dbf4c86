import type { SinkContext } from '@plutino/sdk'
import type {
  Delivered,
  Delivery,
  FlowId,
  HostCalls,
  OpenParams,
  PluginCode,
} from '#src/worker/protocol.ts'
import { HostedSink, type HostedSinkOptions } from './hosted-sink.ts'
import { titleOf } from './load.ts'
import type { PluginLog } from './plugin-log.ts'
import { PluginSinkRunner, type SinkOptions } from './plugin-sink.ts'
import type { RealTimers } from './timers.ts'

export interface PluginSinksOptions {
  readonly id: FlowId
  readonly params: OpenParams
  readonly host: HostCalls
  readonly runtime: {
    readonly timers: RealTimers
    /** ms, monotonic */
    now(): number
    sinkFailed?(flow: FlowId, outcome: 'dropped' | 'retried', error: unknown): void
  }
  code(plugin: number): PluginCode
  instance(code: PluginCode): object
  log(code: PluginCode): PluginLog
  context(code: PluginCode, operatorId: string, more: object): unknown
}

/** The sinks of a flow that are plugins': those that get what is emitted at once, and those for which the host keeps it. */
export class PluginSinks {
  readonly #options: PluginSinksOptions
  readonly #direct = new Map<number, PluginSinkRunner>()
  /** Of the actions that are `throughHost`, and behind them those for dead letters. */
  readonly #hosted = new Map<number, HostedSink>()

  constructor(options: PluginSinksOptions) {
    this.#options = options
  }

  /** @throws Error for an action that its plugin cannot carry out */
  load(): void {
    const { params, code } = this.#options
    for (const [action, { plugin, props = {}, throughHost }] of params.plan.actions.entries()) {
      if (plugin === undefined) continue
      const options = this.#sinkOptions(action, code(plugin), props)
      if (throughHost === undefined) {
        this.#direct.set(action, new PluginSinkRunner(options))
        continue
      }
      const sink = this.#hostedSink(options)
      if (sink.accepts === 'rows' && (props.encryption ?? '') !== '') {
        throw new Error(`${options.title} takes rows, which cannot be encrypted: only payloads can`)
      }
      this.#hosted.set(action, sink)
    }
    const { actions, deadLetters = [] } = params.plan
    for (const [i, { plugin, props }] of deadLetters.entries()) {
      const number = actions.length + i
      this.#hosted.set(number, this.#hostedSink(this.#sinkOptions(number, code(plugin), props)))
    }
  }

  /** The sink of an action; `undefined`: what it emits goes to the host. */
  direct(action: number): PluginSinkRunner | undefined {
    return this.#direct.get(action)
  }

  hosted(action: number): 'bytes' | 'rows' | undefined {
    return this.#hosted.get(action)?.accepts
  }

  async open(): Promise<void> {
    for (const sink of this.#direct.values()) await sink.open()
    for (const sink of this.#hosted.values()) await sink.open()
  }

  /** Hands what the host has kept to the plugin. */
  async deliver(delivery: Delivery): Promise<Delivered> {
    const sink = this.#hosted.get(delivery.action)
    if (sink === undefined) throw new Error(`action ${delivery.action} takes nothing of the host's`)
    return sink.deliver(delivery)
  }

  /** Resolves when all have dealt with what they were given. */
  async drain(): Promise<void> {
    for (const sink of this.#direct.values()) await sink.drain()
  }

  close(): readonly Promise<void>[] {
    return [...this.#direct.values(), ...this.#hosted.values()].map((sink) => sink.close())
  }

  #hostedSink(options: SinkOptions & Pick<HostedSinkOptions, 'keyOf'>): HostedSink {
    const { runtime } = this.#options
    return new HostedSink({ ...options, refused: options.dropped, now: runtime.now })
  }

  #sinkOptions(
    action: number,
    code: PluginCode,
    props: Readonly<Record<string, unknown>>,
  ): SinkOptions & Pick<HostedSinkOptions, 'keyOf'> {
    const { id, params, host, runtime, instance, context } = this.#options
    const log = this.#options.log(code)
    const title = titleOf(code)
    const { plan, epoch, numbering: own = `${epoch}` } = params
    return {
      title,
      instance: instance(code),
      props,
      epoch,
      keyOf: (sequence, numbering = own) =>
        `${plan.ruleId}-${numbering}-${code.name}_${action}-${sequence}`,
      timers: runtime.timers,
      context: (more) => context(code, `sink_${action}`, more) as SinkContext,
      delivered: (...which) => host.delivered(id, action, ...which),
      dropped: (error) => {
        log.write('error', [`${title}: emission dropped:`, error])
        runtime.sinkFailed?.(id, 'dropped', error)
      },
      retrying: (error) => {
        log.write('warn', [`${title}: trying again:`, error])
        runtime.sinkFailed?.(id, 'retried', error)
      },
    }
  }
}
