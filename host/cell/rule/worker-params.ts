import type { OpenParams, PluginCode } from '#src/worker/protocol.ts'
import type { PluginSpec, RuleSpec } from '../cell.ts'

/** What a worker is told of its rule, whenever it opens it. */
export function ruleParams(
  rule: RuleSpec,
): Pick<OpenParams, 'plan' | 'plugins' | 'sources' | 'epoch' | 'props'> {
  const { plan, plugins, sources, epoch, props } = rule
  return {
    plan,
    plugins: plugins.map(codeOf),
    // What plugins' sources are configured with; what built-in ones get stays here.
    sources: plan.sources.map(({ plugin }, index) => {
      const source = plugin === undefined ? undefined : sources[index]
      return source && { datasource: source.datasource, props: source.props }
    }),
    epoch,
    props,
  }
}

/** Transferred to the worker; the checkpoint itself stays. */
export function copyOf(state: Uint8Array): ArrayBuffer {
  return Uint8Array.from(state).buffer
}

/** Without what was granted, of which the worker is told nothing. */
function codeOf({ powers: _powers, ...code }: PluginSpec): PluginCode {
  return code
}
