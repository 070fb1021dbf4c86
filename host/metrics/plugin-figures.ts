import type { RuleStatus } from '#host/cell/cell.ts'
import type { Standing } from '#host/rules/status.ts'
import type { Plan } from '#src/plan/plan.ts'

/** What a package of plugins does in one rule. */
export interface PluginRuleFigures {
  readonly rule: string
  /** In its worker. */
  readonly version: string
  readonly state: string
  /** Into its sinks. */
  readonly rows_in_total: number
  /** Out of its sources. */
  readonly rows_out_total: number
  /** Of its sources and sinks. */
  readonly errors_total: number
  /** Of the whole worker. */
  readonly cpu_ms: number
  /** Of the whole worker. */
  readonly memory_bytes: number
  /** Packages whose work is in the two before, too. */
  readonly shares_worker_with: readonly string[]
}

export interface PluginFigures {
  readonly package: string
  readonly rules: readonly PluginRuleFigures[]
  readonly rows_in_total: number
  readonly rows_out_total: number
  readonly errors_total: number
  /** Calls for powers that it was not granted. */
  readonly refused_total: number
  readonly cpu_ms: number
  readonly memory_bytes: number
}

/** A rule as it stands. */
export type RuleStanding = readonly [rule: string, standing: Standing]

/** @param refused from the audit trail */
export function pluginFigures(
  name: string,
  standings: readonly RuleStanding[],
  refused: number,
): PluginFigures {
  const rules = standings.flatMap(([rule, { plan, status }]) =>
    plan === undefined || status === undefined ? [] : figuresIn(name, rule, plan, status),
  )
  const sum = (key: Summed) => rules.reduce((total, figures) => total + figures[key], 0)
  return {
    package: name,
    rules,
    rows_in_total: sum('rows_in_total'),
    rows_out_total: sum('rows_out_total'),
    errors_total: sum('errors_total'),
    refused_total: refused,
    cpu_ms: sum('cpu_ms'),
    memory_bytes: sum('memory_bytes'),
  }
}

type Summed = 'rows_in_total' | 'rows_out_total' | 'errors_total' | 'cpu_ms' | 'memory_bytes'

function figuresIn(
  name: string,
  rule: string,
  plan: Plan,
  { metrics, state, cpuMs, memoryBytes }: RuleStatus,
): PluginRuleFigures[] {
  const own = plan.plugins.find((use) => use.package === name)
  if (own === undefined) return []
  const isOwn = (plugin: number | undefined) =>
    plugin !== undefined && plan.plugins[plugin]?.package === name
  const sources = plan.sources
    .filter(({ plugin }) => isOwn(plugin))
    .map(({ stream }) => `source_${stream}_0_`)
  const sinks = plan.actions.flatMap(({ plugin, type }, i) =>
    isOwn(plugin) ? [`sink_${type}_${i}_0_`] : [],
  )
  const sum = (prefixes: readonly string[], key: string) =>
    prefixes.reduce((total, prefix) => total + Number(metrics[prefix + key] ?? 0), 0)
  const others = plan.plugins.map((use) => use.package).filter((each) => each !== name)
  return [
    {
      rule,
      version: own.version,
      state,
      rows_in_total: sum(sinks, 'records_in_total'),
      rows_out_total: sum(sources, 'records_in_total'),
      errors_total: sum([...sources, ...sinks], 'exceptions_total'),
      cpu_ms: Math.round(cpuMs),
      memory_bytes: memoryBytes,
      shares_worker_with: [...new Set(others)],
    },
  ]
}
