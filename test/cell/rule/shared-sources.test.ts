import test from 'ava'
import type { SourceConnector } from '#host/cell/connectors/connector.ts'
import { SharedSources } from '#host/cell/rule/shared-sources.ts'
import { numbersRule } from '../../fixtures/cell/rules.ts'

test('a stream’s source is opened once, closed with its last rule, and opened anew only after that', async (t) => {
  const events: string[] = []
  const shared = new SharedSources()
  const acquire = () => shared.acquire(optionsOf(events))
  t.is(acquire(), acquire())
  await shared.opened('default', 'numbers')
  await shared.release('default', 'numbers')
  t.deepEqual(events, ['open'])
  const closing = shared.release('default', 'numbers')
  acquire()
  await shared.opened('default', 'numbers')
  await closing
  t.deepEqual(events, ['open', 'closing', 'closed', 'open'])
})

function optionsOf(events: string[]) {
  const [spec] = numbersRule({ rule: 'a', shared: true }).sources
  if (spec === undefined) throw new Error('the rule has no source')
  const connector: SourceConnector = {
    configure() {},
    async open() {
      events.push('open')
    },
    async close() {
      events.push('closing')
      await new Promise((resolve) => setTimeout(resolve, 20))
      events.push('closed')
    },
  }
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const type = { name: 'numbers', create: () => connector }
  return {
    spec,
    tenant: 'default',
    owner: 'a',
    generation: '',
    qos: 0,
    type,
    logger: silent,
  } as const
}
