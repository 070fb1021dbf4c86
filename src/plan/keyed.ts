import type { StreamDefinition } from './definitions.ts'
import type { SourcePlan } from './plan.ts'

/** What a definition is to a rule. */
export function sourceKind({ kind, options }: StreamDefinition): SourcePlan['kind'] {
  if (kind === 'stream') return 'stream'
  return options.tableKind === 'lookup' ? 'lookup' : 'table'
}

/** Whether rows are keyed by source: everywhere but in a statement over one stream. */
export function isKeyed(scope: {
  readonly sources: readonly { readonly definition: StreamDefinition }[]
}): boolean {
  const [first, second] = scope.sources
  return second !== undefined || (first !== undefined && sourceKind(first.definition) !== 'stream')
}
