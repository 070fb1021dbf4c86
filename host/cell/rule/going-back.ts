import type { RuleSpec, SourceSpec } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'

type SourceTypes = ReadonlyMap<string, ConnectorType<SourceConnector>>

/**
 * Whether a source brings again by itself what it brought after an offset: the same tuples in the same order. Several
 * instances of a plugin's source come in the order in which they arrive, which is another one each time.
 */
export function goesBack(
  { sources, plan }: Pick<RuleSpec, 'sources' | 'plan'>,
  index: number,
  types: SourceTypes,
): boolean {
  const { plugin, concurrency = 1 } = plan.sources[index] ?? {}
  if (plugin !== undefined) return concurrency <= 1 && plan.plugins[plugin]?.rewinds === true
  return types.get(sources[index]?.type ?? '')?.create().rewind !== undefined
}

/** One source for all rules on the stream. A plugin's is the rule's own. */
export function isShared({ plan }: RuleSpec, spec: SourceSpec, index: number): boolean {
  return spec.shared && plan.sources[index]?.plugin === undefined
}
