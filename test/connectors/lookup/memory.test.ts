import test from 'ava'
import { MemoryLookup } from '#host/cell/connectors/lookup/memory.ts'
import { MemoryTables } from '#host/cell/connectors/memory/tables.ts'
import { MemoryTopics } from '#host/cell/connectors/memory/topics.ts'
import { lookupContext } from './context.ts'

test('a table holds so many keys, the one written longest ago makes room, and that is said once', async (t) => {
  const { topics, table, warnings } = await opened({ limit: 2 })
  for (const id of [1, 2, 1, 3, 4]) await publish(topics, { id })
  t.deepEqual(await table.lookup(['id'], [[1], [2], [3], [4]]), [[], [], [{ id: 3 }], [{ id: 4 }]])
  t.is(warnings.length, 1)
  t.regex(warnings[0] ?? '', /lookup table "t" is full: of more than 2 keys .*"limit"/)
})

test('a table is freed with the last rule that used it, and kept until then', async (t) => {
  const { topics, tables, table } = await opened({})
  await publish(topics, { id: 1 })
  const { table: second } = await opened({}, { topics, tables, rule: 'b' })
  await table.close()
  table.forget({ tenant: 'default', ruleId: 'rule' })
  t.deepEqual(await second.lookup(['id'], [[1]]), [[{ id: 1 }]])
  second.forget({ tenant: 'default', ruleId: 'b' })
  const { table: third } = await opened({}, { topics, tables })
  t.deepEqual(await third.lookup(['id'], [[1]]), [[]])
})

test('other columns of ON have to fit too, and a deleted key is gone', async (t) => {
  const { topics, table } = await opened({})
  await publish(topics, { id: 1, site: 'a' })
  t.deepEqual(
    await table.lookup(
      ['id', 'site'],
      [
        [1, 'a'],
        [1, 'b'],
      ],
    ),
    [[{ id: 1, site: 'a' }], []],
  )
  await publish(topics, { id: 1, op: 'delete' }, 'op')
  t.deepEqual(await table.lookup(['id'], [[1]]), [[]])
})

async function opened(
  props: Readonly<Record<string, unknown>>,
  {
    topics = new MemoryTopics(),
    tables = new MemoryTables(topics),
    rule = 'rule',
  }: { topics?: MemoryTopics; tables?: MemoryTables; rule?: string } = {},
) {
  const warnings: string[] = []
  const table = new MemoryLookup(tables)
  table.configure({ datasource: 'topic', props, key: 'id' })
  const warn = (...parts: unknown[]) => warnings.push(parts.join(' '))
  const logger = { debug() {}, info() {}, warn, error() {} }
  await table.open(lookupContext({ ruleId: rule, logger }))
  return { topics, tables, table, warnings }
}

async function publish(topics: MemoryTopics, row: object, rowkindField?: string): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(row))
  await topics.publish('default', 'topic', (take) => take(bytes, 0, bytes.length), { rowkindField })
}
