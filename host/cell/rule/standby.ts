import type { Logger } from '@plutino/sdk'
import type { ConnectorType, SourceConnector } from '../connectors/connector.ts'
import type { Standby, StandbySetup } from '../spool/spool-room.ts'
import { RunningSource } from './running-source.ts'

type SourceTypes = ReadonlyMap<string, ConnectorType<SourceConnector>>

/**
 * A source without a rule: what comes goes to the spool and no further. So what one rule sends to another is safe while
 * that one is stopped, or is not up yet after a start of the host.
 */
export async function standBy(
  { tenant, rule, stream, source: spec, spool, hostId }: StandbySetup,
  types: SourceTypes,
  logger: Logger,
): Promise<Standby> {
  const owner = rule === '' ? stream : rule
  const type = types.get(spec.type)
  const source = new RunningSource({
    spec,
    tenant,
    owner,
    generation: '',
    qos: 1,
    type,
    logger,
    spool,
    hostId,
  })
  const { buffer } = source
  const readNothing = () => buffer.removeReader(buffer.addReader({ isLossless: false }))
  source.listen({
    ended: () => {},
    failed: (error) => logger.error(error.message),
    spooled: readNothing,
  })
  readNothing()
  await source.open()
  return {
    async close() {
      await source.close()
      await source.settled()
    },
    async forget() {
      await type?.create().forget?.({ tenant, ruleId: owner, name: stream, hostId })
    },
  }
}
