import type { FunctionContext, RowFunction, SourceContext, State } from '@plutino/sdk'
import type { FlowPlugins } from '#src/flow/flow.ts'
import type { AggregateCall, Call } from '#src/plan/expression.ts'
import { stateLimits } from '#src/state/extension-state.ts'
import { ExtensionStates } from '#src/state/extension-states.ts'
import type {
  Delivered,
  Delivery,
  FlowId,
  HostCalls,
  OpenParams,
  PluginCode,
} from '#src/worker/protocol.ts'
import { cleanError } from './clean-error.ts'
import type { Evaluated, Outlet } from './compartment.ts'
import { type Harden, pluginContext } from './context.ts'
import { FacadePort, unserved } from './facade-port.ts'
import { callsByGroup } from './group-calls.ts'
import { LimitNotes } from './limit-notes.ts'
import { makeInstance, makeLookup, titleOf, verifyText } from './load.ts'
import { keepsByGroup, pluginAggregator } from './plugin-aggregate.ts'
import { pluginCall, validateCall } from './plugin-function.ts'
import { PluginLog } from './plugin-log.ts'
import { PluginLookup } from './plugin-lookup.ts'
import { PluginSinks } from './plugin-sinks.ts'
import { PluginSources } from './plugin-sources.ts'
import { stackOf } from './plugin-stack.ts'
import { makePowers, type Powers } from './powers.ts'
import { Pulse } from './pulse.ts'
import type { RealTimers } from './timers.ts'

/** Of a key of the state with the group that it belongs to. */
const MAX_GROUPED_KEY = 64 * 1024

/** What differs between the tiers, and what the worker took before it was closed. */
export interface PluginRuntime {
  evaluate(code: PluginCode, outlet: Outlet): Evaluated
  readonly harden: Harden
  readonly timers: RealTimers
  makeAbort(): { readonly signal: AbortSignal; abort(): void }
  /** ms, monotonic */
  now(): number
  /** ms since the epoch */
  wallTime(): number
  /** Told of what a sink fails on: it is dropped, or asked for again. For tests of plugins. */
  sinkFailed?(flow: FlowId, outcome: 'dropped' | 'retried', error: unknown): void
}

/** The plugins of one flow: evaluated once per package, an instance per use, all of it closed together. */
export class PluginHost {
  readonly states = new ExtensionStates()
  readonly #id: FlowId
  readonly #params: OpenParams
  readonly #host: HostCalls
  readonly #runtime: PluginRuntime
  readonly #limits: LimitNotes
  readonly #pulse: Pulse
  readonly #packages = new Map<string, Evaluated & { readonly outlet: Outlet }>()
  /** By package and version: its scripts share what it was granted. */
  readonly #powers = new Map<string, Powers>()
  readonly #ports: FacadePort[] = []
  readonly #functions = new Map<number, object>()
  readonly #sources: PluginSources
  readonly #sinks: PluginSinks
  /** By the number of the source. */
  readonly #lookups = new Map<number, PluginLookup>()
  /** One for each extension: what hangs on a signal is nobody else's affair. */
  readonly #aborts: ReturnType<PluginRuntime['makeAbort']>[] = []

  constructor(id: FlowId, params: OpenParams, host: HostCalls, runtime: PluginRuntime) {
    this.#id = id
    this.#params = params
    this.#host = host
    this.#runtime = runtime
    const common = {
      id,
      params,
      host,
      runtime,
      code: (plugin: number) => this.#code(plugin),
      instance: (code: PluginCode) => this.#instance(code),
    }
    this.#sources = new PluginSources({
      ...common,
      context: (...about) => this.#context(...about),
    })
    this.#sinks = new PluginSinks({
      ...common,
      log: (code) => this.#evaluated(code).outlet.log,
      context: (code, operatorId, more) => this.#context(code, operatorId, 0, more),
    })
    this.#pulse = new Pulse(runtime.now, () => this.#host.beat?.(this.#id))
    this.#limits = new LimitNotes({
      tell: (plugin, limit, count) => this.#host.breached?.(this.#id, plugin, limit, count),
      later: (run, ms) => runtime.timers.setTimeout(run, ms),
    })
  }

  /** The numbers of the sources whose place can be reset. */
  get resettable(): ReadonlySet<number> {
    return this.#sources.resettable
  }

  /** By the number of the source: where it goes on after its place was reset. */
  get resetOffsets(): ReadonlyMap<number, unknown> {
    return this.#sources.resetOffsets
  }

  /** What the flow asks for while it is built. */
  get forFlow(): FlowPlugins {
    return {
      call: (call) => this.#call(call),
      keepsByGroup: (plugin) => keepsByGroup(this.#function(plugin)),
      aggregator: (call) => this.#aggregator(call),
      sink: (action) => this.#sinks.direct(action),
      hosted: (action) => this.#sinks.hosted(action),
      states: this.states,
    }
  }

  /** Checks and evaluates all scripts, and makes the sinks. @throws PluginLoadError */
  load(): void {
    for (const code of this.#params.plugins) this.#evaluated(code)
    const { plan } = this.#params
    this.#sinks.load()
    for (const [number, { plugin, kind }] of plan.sources.entries()) {
      if (plugin === undefined || kind !== 'lookup') continue
      this.#lookups.set(number, this.#makeLookup(number, this.#code(plugin)))
    }
  }

  /** The lookup table that is this source; `undefined`: it is none of a plugin's. */
  lookup(source: number): PluginLookup | undefined {
    return this.#lookups.get(source)
  }

  /** Opens sinks, lookup tables, then sources, after the state was restored. @throws Error that names the extension */
  async open(): Promise<void> {
    await this.#sinks.open()
    for (const lookup of this.#lookups.values()) await lookup.open()
    await this.#sources.open()
  }

  /** Resolves when all sinks have dealt with what they were given. */
  async drain(): Promise<void> {
    await this.#sinks.drain()
  }

  /** Hands what the host has kept to the plugin. */
  async deliver(delivery: Delivery): Promise<Delivered> {
    return this.#sinks.deliver(delivery)
  }

  /** Closes everything, whatever fails on the way. */
  async close(): Promise<void> {
    for (const { abort } of this.#aborts) abort()
    await Promise.all([
      ...this.#sources.close().map((closed) => this.#closing(closed)),
      ...this.#sinks.close().map((closed) => this.#closing(closed)),
      ...[...this.#lookups.values()].map((lookup) => this.#closing(lookup.close())),
    ])
    for (const evaluated of this.#packages.values()) evaluated.stop()
    for (const port of this.#ports) port.close()
  }

  /** Tells the host of an error that no caller waits for, of whichever plugin. */
  failed(error: unknown): void {
    const names = new Set(this.#params.plugins.map((code) => code.package))
    const [only = ''] = names
    this.#stray(names.size === 1 ? only : '', error)
  }

  async #closing(closed: Promise<void>): Promise<void> {
    try {
      await closed
    } catch (error) {
      this.#host.log(this.#id, 'warn', '', cleanError(error).message)
    }
  }

  #code(plugin: number): PluginCode {
    const code = this.#params.plugins[plugin]
    if (code === undefined) throw new Error(`the plan names plugin ${plugin}, which did not come`)
    return code
  }

  #evaluated(code: PluginCode): Evaluated & { readonly outlet: Outlet } {
    // By text too: Kuiper's layouts have several files in one package.
    const key = `${code.package}@${code.version}:${code.sha256}`
    const known = this.#packages.get(key)
    if (known !== undefined) return known
    verifyText(code)
    const outlet = this.#outlet(code)
    const made = { ...this.#evaluate(code, outlet), outlet }
    this.#packages.set(key, made)
    return made
  }

  #evaluate(code: PluginCode, outlet: Outlet): Evaluated {
    try {
      return this.#runtime.evaluate(code, outlet)
    } catch (error) {
      const { message } = cleanError(error)
      throw Object.assign(
        new Error(`plugin ${code.package}@${code.version}: its script failed: ${message}`),
        { code: 'plugin-load' },
      )
    }
  }

  #outlet(code: PluginCode): Outlet {
    const plugin = code.package
    const { debug } = this.#params.plan.settings
    const log = new PluginLog(
      (level, text) => this.#host.log(this.#id, level, plugin, text),
      this.#runtime.now,
      { debug, limited: () => this.#limits.hit(plugin, 'log') },
    )
    return {
      log,
      powers: this.#powersOf(code),
      failed: (error) => this.#stray(plugin, error),
      limited: (limit) => this.#limits.hit(plugin, limit),
    }
  }

  #powersOf(code: PluginCode): Powers {
    const key = `${code.package}@${code.version}`
    const known = this.#powers.get(key)
    if (known !== undefined) return known
    const link = this.#params.facades?.find(
      (each) => each.package === code.package && each.version === code.version,
    )
    const { timers, harden, now } = this.#runtime
    const pace = { now, later: timers.setTimeout }
    const port = link && new FacadePort(link.port, pace)
    if (port !== undefined) this.#ports.push(port)
    const failed = (error: unknown) => this.#stray(code.package, error)
    const made = makePowers({ port: port ?? unserved, timers, harden, failed })
    this.#powers.set(key, made)
    return made
  }

  #stray(plugin: string, error: unknown): void {
    this.#host.failed(this.#id, {
      plugin,
      where: 'stray',
      ...cleanError(error),
      stack: stackOf(error),
    })
  }

  #instance(code: PluginCode): object {
    return makeInstance(code, this.#evaluated(code).exports)
  }

  #makeLookup(number: number, code: PluginCode): PluginLookup {
    const setup = this.#params.sources?.[number]
    return new PluginLookup({
      title: titleOf(code),
      instance: makeLookup(code, this.#evaluated(code).exports),
      datasource: setup?.datasource ?? '',
      props: setup?.props ?? {},
      timers: this.#runtime.timers,
      context: this.#context(code, `lookup_${number}`, 0, {}) as SourceContext,
    })
  }

  #context(
    code: PluginCode,
    operatorId: string,
    instanceId: number,
    more: object,
    state: State = this.states.of(stateName(code)),
  ): unknown {
    const abort = this.#runtime.makeAbort()
    this.#aborts.push(abort)
    return pluginContext(
      {
        ruleId: this.#params.plan.ruleId,
        operatorId,
        instanceId,
        signal: abort.signal,
        log: this.#evaluated(code).outlet.log,
        powers: this.#powersOf(code).context,
        state,
        now: this.#runtime.wallTime,
        overfull: () => this.#limits.hit(code.package, 'state'),
      },
      this.#runtime.harden,
      more,
    )
  }

  #function(plugin: number): object {
    const known = this.#functions.get(plugin)
    if (known !== undefined) return known
    const made = this.#instance(this.#code(plugin))
    this.#functions.set(plugin, made)
    return made
  }

  #prepared(call: Call | AggregateCall): {
    title: string
    instance: object
    context: FunctionContext
  } {
    const plugin = call.plugin ?? -1
    const code = this.#code(plugin)
    const instance = this.#function(plugin)
    const title = titleOf(code)
    validateCall(instance, call.args.slice(0, call.args.length - (call.groupArgs ?? 0)), title)
    const more = { functionId: call.id }
    const context = (state?: State) =>
      this.#context(code, `function_${call.id}`, 0, more, state) as FunctionContext
    const { groupArgs } = call
    if (groupArgs === undefined) return { title, instance, context: context() }
    // Longer keys: each has its group behind it.
    const state = this.states.of(stateName(code), { ...stateLimits, keyLength: MAX_GROUPED_KEY })
    const options = { instance: instance as RowFunction, groupArgs, state, context }
    return { title, instance: callsByGroup(options), context: context(state) }
  }

  #call(call: Call): (...args: unknown[]) => unknown {
    const { title, instance, context } = this.#prepared(call)
    const counted = this.#pulse.counted(instance as RowFunction)
    return pluginCall(title, counted, context, call.args.length)
  }

  #aggregator(call: AggregateCall): ReturnType<FlowPlugins['aggregator']> {
    const { title, instance, context } = this.#prepared(call)
    return pluginAggregator(title, instance, context, call.args.length, call.groupArgs)
  }
}

/** Under which the state of an extension is kept in a rule. */
function stateName(code: PluginCode): string {
  return `${code.package}/${code.kind}/${code.name}`
}
