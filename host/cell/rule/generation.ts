import type { RuleSpec } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import { goesByArrival } from './arrival.ts'
import { goesBack, isShared } from './going-back.ts'

/**
 * In which numbering the sinks' payloads count. Without a checkpoint numbers begin anew, and unless all input comes again
 * they name other rows than before: a sink that knows them must not take them for the old ones.
 */
export function generationOf(
  rule: RuleSpec,
  types: ReadonlyMap<string, ConnectorType<SourceConnector>>,
): string {
  const { generation, checkpoint, epoch, options, sources, plan } = rule
  if (checkpoint !== undefined) return checkpoint.generation ?? generation
  const comesAgain = sources.every(
    (spec, index) =>
      plan.sources[index]?.kind === 'lookup' ||
      (!isShared(rule, spec, index) && goesBack(rule, index, types)),
  )
  return options.qos > 0 && comesAgain && !goesByArrival(plan)
    ? generation
    : `${generation}-${epoch}`
}
