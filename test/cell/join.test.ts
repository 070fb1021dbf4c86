import test from 'ava'
import type { SourceSpec } from '#host/cell/cell.ts'
import { MemorySource } from '#host/cell/connectors/memory/source.ts'
import { MemoryTopics } from '#host/cell/connectors/memory/topics.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { planStreams } from '#test/flow/streams.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks } from '../fixtures/cell/connectors.ts'
import { eventually, linesOf, numbersRule, outputFile } from '../fixtures/cell/rules.ts'

const streams = [
  'CREATE STREAM l (id BIGINT, v BIGINT) WITH (DATASOURCE="l", TYPE="memory")',
  'CREATE STREAM r (id BIGINT, w BIGINT) WITH (DATASOURCE="r", TYPE="memory")',
  'CREATE TABLE t (id BIGINT, name STRING) WITH (DATASOURCE="t", TYPE="memory", RETAIN_SIZE="10")',
]

test.serial('two streams in one worker are joined when the clock ends their window', async (t) => {
  const sql = 'SELECT v, w FROM l INNER JOIN r ON l.id = r.id GROUP BY SLIDINGWINDOW(ss, 20)'
  const { rows, publish, cell } = await running(sql, ['l', 'r'])
  await publish('l', { id: 1, v: 1 })
  await publish('l', { id: 2, v: 2 })
  await publish('r', { id: 2, w: 20 })
  t.deepEqual(await eventually(rows, ({ length }) => length > 0), [{ v: 2, w: 20 }])
  await cell.close()
})

test.serial(
  'a row of a stream meets the table as it is, though no other row follows',
  async (t) => {
    const sql = 'SELECT v, name FROM l LEFT JOIN t ON l.id = t.id'
    const { rows, publish, cell } = await running(sql, ['l', 't'])
    await publish('t', { id: 1, name: 'one' })
    await publish('l', { id: 1, v: 1 })
    await publish('l', { id: 2, v: 2 })
    const expected = [{ v: 1, name: 'one' }, { v: 2 }]
    t.deepEqual(await eventually(rows, ({ length }) => length === 2), expected)
    await cell.close()
  },
)

async function running(sql: string, names: readonly string[]) {
  const topics = new MemoryTopics()
  const { environment } = memoryEnvironment()
  const memory = { name: 'memory', create: () => new MemorySource(topics) }
  const connectors = { sources: new Map([['memory', memory]]), sinks }
  const cell = new LocalCell({ environment, connectors, cacheFolder })
  const path = await outputFile()
  const rule = numbersRule({ rule: 'a', sink: { path } })
  const plan = planStreams(sql, { streams })
  const [base] = rule.sources
  const sources = names.flatMap((name): SourceSpec[] =>
    base === undefined
      ? []
      : [{ ...base, stream: name, datasource: name, type: 'memory', props: {} }],
  )
  const actions = plan.actions.map((action) => ({ ...action, type: 'lines' }))
  await cell.deploy({ ...rule, plan: { ...plan, actions }, sources })
  return {
    cell,
    rows: async () => (await linesOf(path)).flatMap((line) => JSON.parse(line)),
    async publish(topic: string, row: object) {
      const bytes = Buffer.from(JSON.stringify(row))
      await topics.publish('default', topic, (take) => take(bytes, 0, bytes.length))
    },
  }
}
