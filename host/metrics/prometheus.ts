import type { PluginFigures, RuleStanding } from './plugin-figures.ts'

type Labels = Readonly<Record<string, string>>

/** Prometheus's text format, version 0.0.4: families with their samples together. */
class Families {
  readonly #families = new Map<string, string[]>()

  add(name: string, labels: Labels, value: number): void {
    const lines = this.#families.get(name) ?? [`# TYPE ${name} ${typeOf(name)}`]
    this.#families.set(name, lines)
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
    lines.push(`${name}{${pairs.join(',')}} ${value}`)
  }

  get text(): string {
    return `${[...this.#families.values()].flat().join('\n')}\n`
  }
}

/** Figures of operators, sources and sinks: `op_2_filter_0_records_in_total` is `records_in_total` of `op_2_filter_0`. */
const figures = /^((?:source|op|sink)_.+?_0)_([a-z][a-z0-9_]*)$/

/** What `GET /metrics` answers. */
export function prometheusText(
  standings: readonly RuleStanding[],
  plugins: readonly PluginFigures[],
): string {
  const families = new Families()
  families.add('plutino_process_resident_memory_bytes', {}, process.memoryUsage.rss())
  families.add('plutino_process_uptime_seconds', {}, Math.floor(process.uptime()))
  for (const [rule, { status }] of standings) {
    families.add('plutino_rule_running', { rule }, status?.state === 'running' ? 1 : 0)
    if (status === undefined) continue
    families.add('plutino_rule_restarts_total', { rule }, status.restarts)
    families.add('plutino_rule_cpu_ms_total', { rule }, Math.round(status.cpuMs))
    families.add('plutino_rule_memory_bytes', { rule }, status.memoryBytes)
    for (const [key, value] of Object.entries(status.metrics)) {
      const [, op = '', figure = ''] = figures.exec(key) ?? []
      if (typeof value === 'number' && op !== '')
        families.add(`plutino_${figure}`, { rule, op }, value)
    }
  }
  for (const { package: name, rules, ...totals } of plugins) {
    for (const [key, value] of Object.entries(totals))
      families.add(`plutino_plugin_${key}`, { package: name }, value)
    families.add('plutino_plugin_rules', { package: name }, rules.length)
  }
  return families.text
}

function typeOf(name: string): string {
  return name.endsWith('_total') ? 'counter' : 'gauge'
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
