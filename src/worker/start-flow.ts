import { EngineError } from '#src/errors.ts'
import { Flow, type FlowPlugins } from '#src/flow/flow.ts'
import { arrayFunctions } from '#src/functions/array.ts'
import { arraySetFunctions } from '#src/functions/array-set.ts'
import { bitFunctions } from '#src/functions/bits.ts'
import { compressionFunctions } from '#src/functions/compression.ts'
import { conversionFunctions } from '#src/functions/conversion.ts'
import { hashFunctions } from '#src/functions/hash.ts'
import { jsonFunctions } from '#src/functions/json.ts'
import { mathFunctions } from '#src/functions/math.ts'
import { objectFunctions } from '#src/functions/object.ts'
import { otherFunctions } from '#src/functions/other.ts'
import { FunctionTable } from '#src/functions/table.ts'
import { textFunctions } from '#src/functions/text.ts'
import { timeFunctions } from '#src/functions/time.ts'
import { PluginHost, type PluginRuntime } from '#src/sandbox/plugin-host.ts'
import { now, threadCpuUsage, timeOrigin, watchStrayErrors } from './capture.ts'
import type { OpenParams } from './protocol.ts'
import type { RunningFlow, StartFlow } from './rule-task.ts'

/** Starts flows that use no plugin. */
export const startBare: StartFlow = async (_id, params) => {
  const { ruleId, plugins } = params.plan
  if (plugins.length > 0) {
    throw new EngineError('bad-plan', `rule "${ruleId}" uses plugins, this worker runs none`)
  }
  const flow = makeFlow(params)
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
      const flow = makeFlow(params, plugins.forFlow)
      const dropped = params.state === undefined ? [] : flow.restore(params.state)
      await plugins.open()
      return running(flow, { dropped, plugins })
    } catch (error) {
      hosts.delete(plugins)
      await plugins.close()
      throw error
    }
  }
}

/** ms since the epoch */
export function wallTime(): number {
  return timeOrigin + now()
}

function makeFlow(params: OpenParams, plugins?: FlowPlugins): Flow {
  const { plan, startedAt, props } = params
  return new Flow({
    plan,
    environment: {
      ruleId: plan.ruleId,
      startedAt,
      timeZone: plan.settings.timeZone,
      now: () => Math.floor(wallTime()),
      props,
    },
    functions: builtIns(),
    positions: params.positions,
    plugins,
    cpuUs,
  })
}

function builtIns(): FunctionTable {
  return new FunctionTable([
    ...arrayFunctions,
    ...arraySetFunctions,
    ...bitFunctions,
    ...compressionFunctions,
    ...conversionFunctions,
    ...hashFunctions,
    ...jsonFunctions,
    ...mathFunctions,
    ...objectFunctions,
    ...otherFunctions,
    ...textFunctions,
    ...timeFunctions,
  ])
}

function cpuUs(): number {
  const { user, system } = threadCpuUsage()
  return user + system
}

function running(
  flow: Flow,
  { dropped, plugins }: { dropped: readonly string[]; plugins?: PluginHost | undefined },
): RunningFlow {
  return {
    opened: { wakeAt: flow.wakeAt, dropped },
    collect: (feeds) => flow.collect(feeds),
    checkpoint: () => flow.snapshot(),
    metrics: () => flow.metrics(),
    async close() {
      await plugins?.close()
    },
  }
}
