import test, { type ExecutionContext } from 'ava'
import type { RuleState } from '#host/cell/cell.ts'
import type { ConnectorType } from '#host/cell/connectors/connector.ts'
import type { LookupConnector } from '#host/cell/connectors/lookup/lookup.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import {
  cacheFolder,
  localCell,
  memoryEnvironment,
  workerEntry,
} from '#test/fixtures/cell/cells.ts'
import { sinks, sources } from '#test/fixtures/cell/connectors.ts'
import {
  eventually,
  keyOf,
  linesOf,
  numbersRule,
  numbersTo,
  outputFile,
  statusWhere,
} from '#test/fixtures/cell/rules.ts'
import { processFolder } from '#test/fixtures/folder.ts'

/** What nobody waited for, as long as the test lasts. */
function unhandled(t: ExecutionContext): unknown[] {
  const reasons: unknown[] = []
  const listen = (reason: unknown) => reasons.push(reason)
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  return reasons
}

test.serial('who watches a rule and throws does not keep it from ending', async (t) => {
  const reasons = unhandled(t)
  const { cell, lines } = localCell()
  const seen: RuleState[] = []
  cell.watch(({ state }) => {
    seen.push(state)
    throw new Error('the catalog cannot be written')
  })
  await cell.deploy(numbersRule({ rule: 'a', orders: { 3: 'fail' } }))
  const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped by error')
  await cell.close()
  await new Promise(setImmediate)
  t.is(status?.message, 'acme: collect: the plugin gave up')
  t.is(seen.at(-1), 'stopped by error')
  t.true(lines.some(({ text }) => text.includes('the catalog cannot be written')))
  t.deepEqual(reasons, [])
})

/** Opens, and cannot be closed. */
class StubbornTable implements LookupConnector {
  configure(): void {}
  async open(): Promise<void> {}
  async lookup(): Promise<[]> {
    return []
  }
  async close(): Promise<void> {
    throw new Error('it will not close')
  }
}

test.serial(
  'a part that cannot be closed keeps neither the rule nor its other parts open',
  async (t) => {
    const reasons = unhandled(t)
    const { environment, lines } = memoryEnvironment()
    const type: ConnectorType<LookupConnector> = {
      name: 'table',
      create: () => new StubbornTable(),
    }
    const cell = new LocalCell({
      environment,
      connectors: { sources, sinks, lookups: new Map([['table', type]]) },
      cacheFolder,
      dataFolder: processFolder(),
      entries: { bare: workerEntry },
    })
    const rule = numbersRule({ rule: 'a', count: 5, orders: { 3: 'fail' } })
    const [numbers] = rule.plan.sources
    const [spec] = rule.sources
    if (numbers === undefined || spec === undefined) return t.fail('no source')
    const plan = { ...rule.plan, sources: [numbers, { ...numbers, kind: 'lookup' as const }] }
    await cell.deploy({ ...rule, plan, sources: [spec, { ...spec, type: 'table' }] })
    const status = await statusWhere(cell, 'a', ({ state }) => state === 'stopped by error')
    t.is(status?.message, 'acme: collect: the plugin gave up')
    t.true(lines.some(({ text }) => text === 'closing its lookup tables: it will not close'))
    await t.notThrowsAsync(cell.forget(keyOf('a')))
    await cell.close()
    await new Promise(setImmediate)
    t.deepEqual(reasons, [])
  },
)

test.serial('a stop that comes to no end is cut short by forceExitTimeout', async (t) => {
  const { cell, lines } = localCell()
  t.teardown(() => cell.close())
  const options = { forceExitTimeoutMs: 300 }
  await cell.deploy(numbersRule({ rule: 'a', count: 5, orders: { 3: 'wait' }, options }))
  const says = (text: string) => async () => lines.some((line) => line.text.includes(text))
  await eventually(says('it waits'), Boolean)
  await cell.stop(keyOf('a'), { drainMs: 3_600_000 })
  t.true(await says('it did not stop within 300 ms (forceExitTimeout)')())
  const status = await cell.status(keyOf('a'))
  t.is(status?.state, 'stopped')
  t.is(status?.message, 'canceled manually')
  t.is(status?.restarts, 0)
  const path = await outputFile()
  await cell.deploy(numbersRule({ rule: 'a', count: 5, sink: { path } }))
  await eventually(
    () => linesOf(path),
    (taken) => taken.length >= 5,
  )
  t.deepEqual(await linesOf(path), numbersTo(5))
})

test.serial('a stop in order is not cut short', async (t) => {
  const { cell, lines } = localCell()
  const options = { forceExitTimeoutMs: 300_000 }
  const path = await outputFile()
  await cell.deploy(numbersRule({ rule: 'a', count: 5, sink: { path }, options }))
  await eventually(
    () => linesOf(path),
    (taken) => taken.length >= 5,
  )
  await cell.stop(keyOf('a'))
  await cell.close()
  t.false(lines.some(({ text }) => text.includes('forceExitTimeout')))
})
