import { EngineError } from '#src/errors.ts'
import { Flow, type FlowOptions, type FlowPlugins } from '#src/flow/flow.ts'
import { KeyedState } from '#src/flow/keyed-state.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import type { FunctionEnvironment } from '#src/functions/declaration.ts'
import type { Row } from '#src/operators/operator.ts'
import { PluginHost, type PluginRuntime } from '#src/sandbox/plugin-host.ts'
import {
  collectGarbage,
  now,
  setRealTimeout,
  threadCpuUsage,
  timeOrigin,
  watchStrayErrors,
} from './capture.ts'
import type { FlowId, HostCalls, OpenParams } from './protocol.ts'
import type { RunningFlow, StartFlow } from './rule-task.ts'

/** Starts flows that use no plugin. */
export const startBare: StartFlow = async (id, params, host) => {
  const { ruleId, plugins } = params.plan
  if (plugins.length > 0) {
    throw new EngineError('bad-plan', `rule "${ruleId}" uses plugins, this worker runs none`)
  }
  const flow = makeFlow(params, outlets(id, host))
  const dropped = params.state === undefined ? [] : flow.restore(params.state)
  return running(flow, { dropped })
}

/** Starts flows whose plugins run as `runtime` says. */
export function startWithPlugins(runtime: PluginRuntime): StartFlow {
  const hosts = new Set<PluginHost>()
  watchStrayErrors((error) => {
    for (const host of hosts) host.failed(error)
  })
  return async (id, params, host) => {
    const plugins = new PluginHost(id, params, host, runtime)
    hosts.add(plugins)
    try {
      plugins.load()
      const flow = makeFlow(params, outlets(id, host, plugins), plugins.forFlow)
      const dropped = params.state === undefined ? [] : flow.restore(params.state)
      await plugins.open()
      for (const [source, offset] of plugins.resetOffsets) {
        const { sequence = 0 } = params.resets?.[source] ?? {}
        // `null` begins anew, too, and says all the same that this was the operator's will
        flow.relocate(source, { sequence, offset: offset ?? null })
      }
      return running(flow, { dropped, plugins })
    } catch (error) {
      hosts.delete(plugins)
      await plugins.close()
      throw error
    }
  }
}

/** ms after a flow was opened: by then its first rows have come, and its code is there. */
const SETTLED_MS = 2000

/** ms since the epoch */
export function wallTime(): number {
  return Math.floor(timeOrigin + now())
}

type Outlets = Pick<FlowOptions, 'emitted' | 'askLookup'> & Pick<FunctionEnvironment, 'keyedState'>

/** Where a flow turns to outside of its calls. */
function outlets(id: FlowId, host: HostCalls, plugins?: PluginHost): Outlets {
  const keyed = new KeyedState({ ask: (keys) => host.keyedState(id, keys), now: wallTime })
  return {
    keyedState: (key) => keyed.get(key),
    emitted: (emissions, wakeAt) => host.emit(id, emissions, wakeAt),
    askLookup: async (source, columns, keys) => {
      const own = plugins?.lookup(source)
      if (own !== undefined) return own.lookup(columns, keys)
      const found = await host.lookup(id, source, columns, keys)
      return found as readonly (readonly Row[])[] // the host gives plain rows
    },
  }
}

function makeFlow(
  params: OpenParams,
  { keyedState, ...outlets }: Outlets,
  plugins?: FlowPlugins,
): Flow {
  const { plan, startedAt, props } = params
  return new Flow({
    plan,
    environment: {
      ruleId: plan.ruleId,
      startedAt,
      timeZone: plan.settings.timeZone,
      now: wallTime,
      props,
      keyedState,
    },
    functions: builtInFunctions(),
    positions: params.positions,
    plugins,
    ...outlets,
    cpuUs,
  })
}

function cpuUs(): number {
  const { user, system } = threadCpuUsage()
  return user + system
}

function running(
  flow: Flow,
  { dropped, plugins }: { dropped: readonly string[]; plugins?: PluginHost | undefined },
): RunningFlow {
  leaveBootBehind()
  return {
    opened: { wakeAt: flow.wakeAt, dropped, resettable: [...(plugins?.resettable ?? [])] },
    collect: (feeds) => flow.collect(feeds),
    async deliver(delivery) {
      if (plugins !== undefined) return plugins.deliver(delivery)
      throw new EngineError('bad-feed', 'this flow has no sinks of plugins')
    },
    checkpoint: (isCut) => flow.checkpoint(isCut),
    metrics: () => flow.metrics(),
    async close() {
      await plugins?.close()
    },
  }
}

/** Compacts too: what is free in half-empty pages goes back to the system. */
const everything = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const

/** Booting leaves some 3 MB of garbage, and V8 has no reason to look for it in a worker that has little to do. */
function leaveBootBehind(): void {
  if (collectGarbage !== undefined)
    setRealTimeout(() => collectGarbage?.(everything), SETTLED_MS).unref()
}
