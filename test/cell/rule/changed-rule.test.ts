import test, { type ExecutionContext } from 'ava'
import type { RuleSpec } from '#host/cell/cell.ts'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { cacheFolder, memoryEnvironment } from '#test/fixtures/cell/cells.ts'
import { sources } from '#test/fixtures/cell/connectors.ts'
import { keyOf, numbersRule, statusWhere } from '#test/fixtures/cell/rules.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { planOf } from '#test/flow/rule.ts'

function cellOf(t: ExecutionContext) {
  const { environment, store, lines } = memoryEnvironment()
  const connectors = { ...createBuiltinConnectors(), sources }
  const dataFolder = makeFolder(t)
  const cell = new LocalCell({ environment, connectors, cacheFolder, dataFolder })
  t.teardown(() => cell.close())
  return { cell, store, lines }
}

function ruleOf(sql: string): RuleSpec {
  const action = { type: 'nop', props: {} }
  const options = { qos: 1, checkpointIntervalMs: 0, saveStateBeforeStop: true } as const
  const made = numbersRule({ rule: 'a', type: 'numbers', burst: 5, options })
  return {
    ...made,
    plan: planOf(sql, { actions: [action] }),
    actions: [action],
    sources: made.sources.map((source) => ({ ...source, props: { ...source.props, json: true } })),
  }
}

const groups = 'SELECT count(*) AS c FROM demo GROUP BY COUNTWINDOW(1000000)'

test('a rule whose statement was changed goes on, and its status names the state that was dropped', async (t) => {
  const { cell, store } = cellOf(t)
  const before = ruleOf(groups)
  await cell.deploy(before)
  await statusWhere(
    cell,
    'a',
    ({ metrics }) => Number(metrics.source_numbers_0_records_in_total) > 50,
  )
  await cell.stop(keyOf('a'))
  const checkpoint = store.get('a')
  t.true((checkpoint?.sources[0]?.sequence ?? 0) > 50)
  const after = ruleOf('SELECT sum(n) AS m FROM demo GROUP BY COUNTWINDOW(7)')
  await cell.deploy({ ...after, checkpoint, epoch: 2 })
  const changed = await cell.status(keyOf('a'))
  t.is(changed?.state, 'running')
  t.regex(
    changed?.message ?? '',
    /^the rule has changed: the state of .+ fits nothing any more and was dropped$/,
  )
  await cell.stop(keyOf('a'))
})

test('a rule that goes on as it was drops nothing', async (t) => {
  const { cell, store } = cellOf(t)
  await cell.deploy(ruleOf(groups))
  await statusWhere(
    cell,
    'a',
    ({ metrics }) => Number(metrics.source_numbers_0_records_in_total) > 50,
  )
  await cell.stop(keyOf('a'))
  await cell.deploy({ ...ruleOf(groups), checkpoint: store.get('a'), epoch: 2 })
  t.is((await cell.status(keyOf('a')))?.message, '')
})
