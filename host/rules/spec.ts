import type { RuleStart } from '#host/catalog/rules.ts'
import type {
  PluginSpec,
  RuleKey,
  RuleSpec,
  SourceSpec,
  StoredCheckpoint,
} from '#host/cell/cell.ts'
import { readDeadLetter } from '#host/cell/delivery/action-options.ts'
import type { Props } from '#host/config/connector-config.ts'
import type { Environment } from '#host/config/load.ts'
import type { Options } from '#host/config/options.ts'
import { HostError } from '#host/errors.ts'
import type { PluginService } from '#host/plugins/service.ts'
import type { Plan, SourcePlan } from '#src/plan/plan.ts'
import type { Planned } from './planning.ts'
import { typeName } from './type-name.ts'

const megabyte = 1_048_576
/** Of a worker with third-party code, and of one without. */
const memoryLimits = { plugins: 192 * megabyte, bare: 1024 * megabyte } as const

export interface SpecBuilderOptions {
  readonly plugins: PluginService
  readonly source: Options['source']
  readonly environment: Environment
}

export interface Start extends RuleStart {
  readonly checkpoint: StoredCheckpoint | undefined
}

/** From a plan to what a cell is given: properties of sources and sinks, code of plugins, limits. */
export class SpecBuilder {
  readonly #options: SpecBuilderOptions
  readonly #props: Readonly<Record<string, string>>

  constructor(options: SpecBuilderOptions) {
    this.#options = options
    this.#props = ruleProps(options.environment)
  }

  async build(
    key: RuleKey,
    planned: Planned,
    { epoch, generation, checkpoint }: Start,
  ): Promise<RuleSpec> {
    const { plan, options, actions, deadLetter } = planned
    const { restartStrategy } = options
    return {
      ...key,
      plan,
      sources: plan.sources.map((source) => this.#source(source, planned)),
      actions,
      deadLetter: readDeadLetter('options', deadLetter),
      plugins: await this.#plugins(key.tenant, planned),
      masked: planned.masked,
      options: {
        qos: options.qos,
        checkpointIntervalMs: options.checkpointIntervalMs,
        saveStateBeforeStop: options.enableSaveStateBeforeStop,
        forceExitTimeoutMs: options.forceExitTimeoutMs,
        debug: options.debug,
        memoryLimitBytes: options.memoryLimitBytes ?? defaultMemory(plan),
        cpuLimit: options.cpuLimit,
        restart: restartStrategy,
      },
      checkpoint,
      epoch,
      generation,
      props: this.#props,
    }
  }

  #source({ stream }: SourcePlan, { sources }: Planned): SourceSpec {
    const source = sources.get(stream)
    if (source === undefined) throw new TypeError(`no definition of stream ${stream}`)
    const { definition, props } = source
    const { bufferLength, bufferBytes, dropPolicy, spoolLimit } = this.#options.source
    return {
      stream,
      type: typeName(definition.options.type),
      datasource: definition.options.datasource,
      props,
      shared: definition.options.shared,
      bufferLength: countOf(props, 'bufferLength', stream) ?? bufferLength,
      bufferBytes: countOf(props, 'bufferBytes', stream) ?? bufferBytes,
      dropPolicy: policyOf(props, stream) ?? dropPolicy,
      spoolLimit: countOf(props, 'spoolLimit', stream) ?? spoolLimit,
    }
  }

  #plugins(tenant: string, { plan }: Planned): Promise<PluginSpec[]> {
    const { plugins } = this.#options
    return Promise.all(
      plan.plugins.map(async (use) => ({
        ...(await plugins.load(tenant, use)),
        powers: await plugins.powers(tenant, use),
      })),
    )
  }
}

/** `KUIPER_PROPS_k` and, over it, `PLUTINO_PROPS_k`: what `props("k")` gives. */
function ruleProps(environment: Environment): Readonly<Record<string, string>> {
  const props = new Map<string, string>()
  for (const prefix of ['KUIPER_PROPS_', 'PLUTINO_PROPS_']) {
    for (const [name, value] of Object.entries(environment)) {
      if (value !== undefined && name.startsWith(prefix))
        props.set(name.slice(prefix.length), value)
    }
  }
  return Object.fromEntries(props)
}

function defaultMemory(plan: Plan): number {
  return plan.plugins.length > 0 ? memoryLimits.plugins : memoryLimits.bare
}

function countOf(props: Props, name: string, stream: string): number | undefined {
  const value = props[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new HostError(
    'bad-option',
    `stream "${stream}": source property ${name} must be a whole number of at least 1, not ${JSON.stringify(value)}`,
  )
}

function policyOf(props: Props, stream: string): 'oldest' | 'newest' | undefined {
  const { dropPolicy } = props
  if (dropPolicy === undefined || dropPolicy === null) return undefined
  if (dropPolicy === 'oldest' || dropPolicy === 'newest') return dropPolicy
  throw new HostError(
    'bad-option',
    `stream "${stream}": source property dropPolicy must be oldest or newest, not ${JSON.stringify(dropPolicy)}`,
  )
}
