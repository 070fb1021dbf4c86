import type { ConnectorContext } from '#host/cell/connectors/connector.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What a lookup table is opened with. */
export function lookupContext(more: Partial<ConnectorContext> = {}): ConnectorContext {
  return {
    tenant: 'default',
    ruleId: 'rule',
    name: 't',
    generation: 'first',
    signal: new AbortController().signal,
    logger: silent,
    clock: { now: () => Date.now() },
    qos: 0,
    connection: () => {},
    ...more,
  }
}
