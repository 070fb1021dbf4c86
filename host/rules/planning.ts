import { builtinLookups, builtinSinks, builtinSources } from '#host/cell/connectors/builtin.ts'
import { readDeadLetter } from '#host/cell/delivery/action-options.ts'
import type { ConnectorConfig, Props } from '#host/config/connector-config.ts'
import type { Options } from '#host/config/options.ts'
import { HostError } from '#host/errors.ts'
import type { PluginService, ResolvedPlugin } from '#host/plugins/service.ts'
import type { FunctionTable } from '#src/functions/table.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import type { StreamDefinition } from '#src/plan/definitions.ts'
import type { Extensions } from '#src/plan/extensions.ts'
import type { Plan, PluginUse } from '#src/plan/plan.ts'
import { planRule } from '#src/plan/plan-rule.ts'
import { type RuleOptions, readRuleOptions } from '#src/plan/rule-options.ts'
import type { Select } from '#src/sql/ast.ts'
import { parseStatement } from '#src/sql/parse.ts'
import { ActionReader, type SinkDefaults } from './actions.ts'
import { isObject, type RuleDefinition } from './definition.ts'
import { checkPluginProps, checkTiers } from './plugin-checks.ts'
import { Schedule } from './schedule.ts'
import { sourceSettings } from './source-settings.ts'
import type { StreamService } from './streams.ts'
import { typeName } from './type-name.ts'

/** A rule that can run: its plan, and what the plan was made of. */
export interface Planned {
  readonly plan: Plan
  readonly options: RuleOptions
  /** Names of the streams and tables that it reads. */
  readonly streams: readonly string[]
  /** By stream: its definition and the properties of its source. */
  readonly sources: ReadonlyMap<string, PlannedSource>
  /** Flattened, with the configuration of their sinks under their own properties. */
  readonly actions: readonly ActionRequest[]
  /** Values of secrets in the properties of sources and actions. */
  readonly masked: readonly string[]
  /** The sink for tuples that kill the worker, with its configuration. */
  readonly deadLetter: Props | undefined
  /** A start goes on from the last checkpoint. */
  readonly keepsState: boolean
  /** `undefined`: it runs from its start to its stop. */
  readonly schedule: Schedule | undefined
}

export interface PlannedSource {
  readonly definition: StreamDefinition
  readonly props: Props
}

interface PluginExtensions extends Extensions {
  plugin(kind: PluginUse['kind'], name: string): ResolvedPlugin | undefined
}

interface PlannedPlugins extends Pick<Planned, 'plan' | 'sources' | 'actions'> {
  readonly extensions: PluginExtensions
}

export interface RulePlannerOptions {
  readonly streams: StreamService
  readonly config: ConnectorConfig
  readonly plugins: PluginService
  readonly functions: FunctionTable
  /** Option `rule` of the server: what a rule does not say itself. */
  readonly defaults: () => Readonly<Record<string, unknown>>
  /** Options `sink` and `basic.aesKey` of the server. */
  readonly sinkDefaults: () => SinkDefaults
  /** IANA name. */
  readonly timeZone: () => string
  /** Option `plugins` of the server. */
  readonly pluginOptions?: Options['plugins'] | undefined
  /** Sinks of the host's own, beside the built-in ones. */
  readonly extraSinks: readonly string[]
}

/** Makes plans: looks up what a statement names, reads the configuration of its sources and sinks, asks the planner. */
export class RulePlanner {
  readonly #options: RulePlannerOptions
  readonly #actions: ActionReader

  constructor(options: RulePlannerOptions) {
    this.#options = options
    this.#actions = new ActionReader(options.config, options.sinkDefaults)
  }

  /**
   * @param locks versions of plugins that are taken before any other, as long as they are installed
   * @throws SqlError, RuleError, HostError: what is wrong with the rule, and the way out
   */
  async plan(
    tenant: string,
    definition: RuleDefinition,
    locks: readonly PluginUse[] = [],
  ): Promise<Planned> {
    const { streams, functions } = this.#options
    const select = parseSelect(definition.sql)
    const options = this.#ruleOptions(definition)
    const schedule = Schedule.of(options, this.#options.timeZone())
    const names = [select.from.name, ...select.joins.map((join) => join.from.name)]
    const extensions = this.#extensions(tenant, options, locks)
    const sources = await this.#sources(tenant, names, extensions)
    const actions = await this.#actions.actions(tenant, definition)
    const deadLetter = await this.#actions.deadLetter(tenant, options.deadLetter, 'options')
    if (deadLetter !== undefined) readDeadLetter('options', deadLetter)
    const plan = planRule({
      ruleId: definition.id,
      select,
      actions,
      options,
      functions,
      definitions: {
        find: (name) => sources.get(name)?.definition,
        names: () => streams.allNames(tenant),
      },
      extensions,
      settings: ({ name }) => sourceSettings(name, sources.get(name)?.props ?? {}),
      timeZone: this.#options.timeZone(),
      temp: definition.temp,
      deadLetter,
    })
    this.#checkPlugins(definition.id, { plan, sources, actions, extensions })
    const filled = [
      ...sources.values().map(({ props }) => props),
      ...actions.map(({ props }) => props),
    ]
    const masked = await this.#options.config.secretsIn(filled)
    const keepsState = options.qos > 0 || options.enableSaveStateBeforeStop
    return {
      plan,
      options,
      streams: names,
      sources,
      actions,
      deadLetter,
      keepsState,
      masked,
      schedule,
    }
  }

  /** As `plan`, for a rule that is new: functions of plugins are asked, too, whether they may be called so. */
  async check(tenant: string, definition: RuleDefinition): Promise<Planned> {
    const planned = await this.plan(tenant, definition)
    await this.checkCalls(tenant, planned)
    return planned
  }

  /** As `check`, but for one that is to start at once: its flow asks them when it is opened. */
  async checkUnstarted(tenant: string, definition: RuleDefinition): Promise<Planned> {
    const planned = await this.plan(tenant, definition)
    const startsNow = definition.triggered && planned.schedule === undefined
    if (!startsNow) await this.checkCalls(tenant, planned)
    return planned
  }

  /** @throws HostError `bad-rule` with what a function of a plugin says of how it is called */
  async checkCalls(tenant: string, { plan }: Planned): Promise<void> {
    await this.#options.plugins.checkCalls?.(tenant, plan)
  }

  /** What plugins' schemas say of their properties, and which of them may share a worker. */
  #checkPlugins(ruleId: string, { plan, sources, actions, extensions }: PlannedPlugins) {
    const { pluginOptions } = this.#options
    if (pluginOptions !== undefined) checkTiers(ruleId, plan, pluginOptions)
    const check = (plugin: number | undefined, where: string, props: Props) => {
      const use = plugin === undefined ? undefined : plan.plugins[plugin]
      if (use === undefined) return
      const found = extensions.plugin(use.kind, use.name)
      checkPluginProps({ use, schema: found?.options, where, props })
    }
    for (const { plugin, stream } of plan.sources)
      check(plugin, `stream "${stream}"`, sources.get(stream)?.props ?? {})
    for (const [i, { plugin }] of plan.actions.entries())
      check(plugin, `rule "${ruleId}", action ${i}`, actions[i]?.props ?? {})
    for (const { plugin, action, props } of plan.deadLetters ?? []) {
      const whose = action === undefined ? '' : `, action ${action}`
      check(plugin, `rule "${ruleId}"${whose}, dead letters`, props)
    }
  }

  #ruleOptions(definition: RuleDefinition): RuleOptions {
    const defaults = this.#options.defaults()
    const own = definition.options
    const restartStrategy = isObject(own.restartStrategy)
      ? { ...asObject(defaults.restartStrategy), ...own.restartStrategy }
      : (own.restartStrategy ?? defaults.restartStrategy)
    return readRuleOptions({ ...defaults, ...own, restartStrategy })
  }

  async #sources(
    tenant: string,
    names: readonly string[],
    extensions: Extensions,
  ): Promise<ReadonlyMap<string, PlannedSource>> {
    const found = new Map<string, PlannedSource>()
    for (const name of names) {
      const definition = this.#options.streams.definition(tenant, name)
      if (definition === undefined) continue // the planner refuses it, with its place in the statement
      const { type, confKey, extra } = definition.options
      // a type that nobody brings has no configuration; the planner says that it is missing
      const isThere = [type, typeName(type)].some(
        (name) =>
          extensions.isBuiltIn('source', name) ||
          extensions.isLookup?.(name) === true ||
          extensions.plugin('source', name) !== undefined,
      )
      const props = isThere
        ? await this.#options.config.props(tenant, 'sources', typeName(type), confKey)
        : {}
      const own = await this.#options.config.fill(extra)
      found.set(name, { definition, props: { ...props, ...own } })
    }
    return found
  }

  #extensions(
    tenant: string,
    { plugins: ranges }: RuleOptions,
    locks: readonly PluginUse[],
  ): PluginExtensions {
    const { plugins, extraSinks } = this.#options
    const sinks = [...builtinSinks, ...extraSinks]
    return {
      plugin: (kind, name) => {
        const lock = locks.find((use) => use.kind === kind && use.name === name)
        return plugins.resolve(tenant, kind, name, ranges[name], lock)
      },
      isBuiltIn: (kind, name) =>
        (kind === 'source' ? builtinSources : sinks).includes(typeName(name)),
      isLookup: (type) => builtinLookups.includes(typeName(type)),
      names: (kind) => {
        const own = kind === 'function' ? [] : kind === 'source' ? builtinSources : sinks
        return [...own, ...plugins.list(tenant, kind)]
      },
    }
  }
}

function parseSelect(sql: string): Select {
  const statement = parseStatement(sql)
  if (statement.type === 'select') return statement
  throw new HostError('bad-rule', `SQL ${sql} is not a select statement.`)
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}
