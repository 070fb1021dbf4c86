import test, { type ExecutionContext } from 'ava'
import type { RuleSpec, SourceSpec } from '#host/cell/cell.ts'
import { MemoryLookup } from '#host/cell/connectors/lookup/memory.ts'
import { MemorySource } from '#host/cell/connectors/memory/source.ts'
import { MemoryTables } from '#host/cell/connectors/memory/tables.ts'
import { MemoryTopics } from '#host/cell/connectors/memory/topics.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import type { ActionRequest } from '#src/plan/actions.ts'
import { planStreams } from '#test/flow/streams.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks } from '../fixtures/cell/connectors.ts'
import { eventually, keyOf, linesOf, numbersRule, outputFile } from '../fixtures/cell/rules.ts'

const streams = [
  'CREATE STREAM s (id BIGINT, v BIGINT) WITH (DATASOURCE="s", TYPE="memory")',
  'CREATE TABLE t () WITH (DATASOURCE="lk", TYPE="memory", KIND="lookup", KEY="id")',
]

function started(t: ExecutionContext) {
  const topics = new MemoryTopics()
  const tables = new MemoryTables(topics)
  const { environment } = memoryEnvironment()
  const cell = new LocalCell({
    environment,
    connectors: {
      sources: new Map([['memory', { name: 'memory', create: () => new MemorySource(topics) }]]),
      sinks,
      lookups: new Map([['memory', { name: 'memory', create: () => new MemoryLookup(tables) }]]),
    },
    cacheFolder,
  })
  t.teardown(() => cell.close())
  const publish = async (topic: string, row: object, rowkindField?: string) => {
    const bytes = Buffer.from(JSON.stringify(row))
    await topics.publish('default', topic, (take) => take(bytes, 0, bytes.length), {
      rowkindField,
    })
  }
  return { cell, publish }
}

test.serial(
  'a stream finds what was written to a memory topic, before and after a restart of its rule',
  async (t) => {
    const { cell, publish } = started(t)
    const path = await outputFile()
    const rows = async () => (await linesOf(path)).flatMap((line) => JSON.parse(line))
    const rule = ruleOf('SELECT v, name FROM s LEFT JOIN t ON s.id = t.id', path)
    await cell.deploy(rule)
    await publish('lk', { id: 2, name: 'two', op: 'upsert' }, 'op')
    await publish('s', { id: 2, v: 20 })
    await publish('s', { id: 3, v: 30 })
    await eventually(rows, ({ length }) => length === 2)
    await publish('lk', { id: 2, op: 'delete' }, 'op')
    await publish('lk', { id: 3, name: 'three' })
    await cell.stop(keyOf('a'))
    await cell.deploy(rule)
    await publish('s', { id: 2, v: 21 })
    await publish('s', { id: 3, v: 31 })
    t.deepEqual(await eventually(rows, ({ length }) => length === 4), [
      { v: 20, name: 'two' },
      { v: 30 },
      { v: 21 },
      { v: 31, name: 'three' },
    ])
  },
)

test.serial(
  'the last batch behind a lookup table leaves in its time, without a further row',
  async (t) => {
    const { cell, publish } = started(t)
    const path = await outputFile()
    const batch = { type: 'log', props: { batchSize: 10, lingerInterval: 300 } }
    await cell.deploy(ruleOf('SELECT v FROM s LEFT JOIN t ON s.id = t.id', path, [batch]))
    for (const v of [1, 2]) {
      await publish('s', { id: 7, v })
      const lines = await eventually(
        () => linesOf(path),
        ({ length }) => length === v,
      )
      t.deepEqual([JSON.parse(lines.at(-1) ?? '')].flat(2), [{ v }])
    }
  },
)

function ruleOf(sql: string, path: string, sent?: readonly ActionRequest[]): RuleSpec {
  const rule = numbersRule({ rule: 'a', sink: { path } })
  const plan = planStreams(sql, sent === undefined ? { streams } : { streams, actions: sent })
  const [base] = rule.sources
  const source = (stream: string, datasource: string): SourceSpec[] =>
    base === undefined ? [] : [{ ...base, stream, datasource, type: 'memory', props: {} }]
  const actions = plan.actions.map((action) => ({ ...action, type: 'lines' }))
  return {
    ...rule,
    plan: { ...plan, actions },
    sources: [...source('s', 's'), ...source('t', 'lk')],
  }
}
