import type { RuleSpec } from '../cell.ts'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import { goesByArrival } from './arrival.ts'

/**
 * In which numbering the sinks' payloads count. Without a checkpoint numbers begin anew, and unless all input comes again
 * they name other rows than before: a sink that knows them must not take them for the old ones.
 */
export function generationOf(
  { generation, checkpoint, epoch, options, sources, plan }: RuleSpec,
  types: ReadonlyMap<string, ConnectorType<SourceConnector>>,
): string {
  if (checkpoint !== undefined) return checkpoint.generation ?? generation
  const comesAgain = sources.every(
    ({ type, shared }, index) =>
      plan.sources[index]?.kind === 'lookup' ||
      (!shared && types.get(type)?.create().rewind !== undefined),
  )
  return options.qos > 0 && comesAgain && !goesByArrival(plan)
    ? generation
    : `${generation}-${epoch}`
}
