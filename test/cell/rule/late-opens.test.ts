import test from 'ava'
import type { RuleSpec } from '#host/cell/cell.ts'
import type { SourceConnector } from '#host/cell/connectors/connector.ts'
import type { LookupConnector } from '#host/cell/connectors/lookup/lookup.ts'
import { RuleLookups } from '#host/cell/rule/rule-lookups.ts'
import { RunningSource } from '#host/cell/rule/running-source.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { eventually } from '../delivery/lane.ts'

const never = () => new Promise<void>(() => {})

test('a source that does not open says so, and another connector takes its place', async (t) => {
  const { context, lines } = connectorContext()
  let made = 0
  const create = (): SourceConnector => {
    const isFirst = made++ === 0
    return {
      configure: () => {},
      open: async ({ connection }) => {
        if (isFirst) await never()
        connection('connected')
      },
      close: async () => {},
    }
  }
  const source = new RunningSource({
    spec: {
      stream: 'demo',
      type: 'told',
      datasource: '',
      props: { openTimeout: 50 },
      shared: false,
      bufferLength: 10,
      bufferBytes: 65_536,
      dropPolicy: 'oldest',
    },
    tenant: 'default',
    owner: 'rule1',
    generation: 'g1',
    qos: 0,
    type: { name: 'told', create },
    logger: context.logger,
  })
  await source.open()
  t.is(source.connection.figures().connection_status, -1)
  const said = /source "demo" does not open: .* took longer than 50 ms; it is tried again/
  t.regex(lines[0] ?? '', said)
  await eventually(() => source.connection.isConnected, 'a connection')
  t.is(made, 2)
  await source.close()
})

test('a lookup table that does not open says so, and answers when it has opened', async (t) => {
  const { context } = connectorContext()
  let opens = 0
  const table: LookupConnector = {
    configure: () => {},
    open: () => (opens++ === 0 ? never() : Promise.resolve()),
    lookup: () => [[{ a: 1 }]],
    close: async () => {},
  }
  const rule = {
    tenant: 'default',
    rule: 'rule1',
    options: { qos: 0 },
    plan: { sources: [{ kind: 'lookup' }] },
    sources: [{ stream: 'sizes', type: 'told', datasource: '', props: { openTimeout: 50 } }],
  } as unknown as RuleSpec
  const lookups = new RuleLookups({
    rule,
    generation: 'g1',
    types: new Map([['told', { name: 'told', create: () => table }]]),
    logger: context.logger,
  })
  await lookups.open()
  t.regex(lookups.trouble, /lookup table "sizes" does not open: .* took longer than 50 ms/)
  // The pauses between attempts keep no process alive.
  const alive = setInterval(() => {}, 100)
  t.teardown(() => clearInterval(alive))
  t.deepEqual(await lookups.lookup(0, ['a'], [[1]]), [[{ a: 1 }]])
  t.is(lookups.trouble, '')
  await lookups.close()
})
