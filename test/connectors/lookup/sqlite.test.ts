import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { NotConnected } from '@plutino/sdk'
import test, { type ExecutionContext } from 'ava'
import { LookupThread } from '#host/cell/connectors/lookup/lookup-thread.ts'
import { SqliteLookup } from '#host/cell/connectors/lookup/sqlite.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { lookupContext } from './context.ts'

const SCHEMA = `
  CREATE TABLE devices (id INTEGER, site TEXT, name TEXT, "odd ""name" REAL, big INTEGER, raw BLOB);
  INSERT INTO devices VALUES (1, 'a', 'one', 1.5, 9007199254740993, x'0102');
  INSERT INTO devices VALUES (1, 'b', 'uno', 2.0, 7, NULL);
  INSERT INTO devices VALUES (2, 'a', 'two', NULL, NULL, NULL);
  CREATE TABLE texts (code TEXT, v INTEGER);
  INSERT INTO texts VALUES ('5', 50);
`

test('each key finds its rows, with integers exact to 64 bits, in the order of the keys', async (t) => {
  const { path } = databaseOf(t, SCHEMA)
  const table = await opened(t, { path })
  t.deepEqual(await table.lookup(['id'], [[2], [9], [1]]), [
    [{ id: 2, site: 'a', name: 'two', 'odd "name': null, big: null, raw: null }],
    [],
    [
      {
        id: 1,
        site: 'a',
        name: 'one',
        'odd "name': 1.5,
        big: 9007199254740993n,
        raw: new Uint8Array([1, 2]),
      },
      { id: 1, site: 'b', name: 'uno', 'odd "name': 2, big: 7, raw: null },
    ],
  ])
})

test('several columns are compared together; columns that nobody reads are not fetched', async (t) => {
  const { path } = databaseOf(t, SCHEMA)
  const table = await opened(t, { path }, { select: ['name', 'nosuch'] })
  const keys = [
    [1, 'b'],
    [1, 'c'],
    [2, 'a'],
  ]
  t.deepEqual(await table.lookup(['id', 'site'], keys), [[{ name: 'uno' }], [], [{ name: 'two' }]])
})

test('names are quoted and values bound: what looks like SQL is data', async (t) => {
  const { path } = databaseOf(t, SCHEMA)
  const table = await opened(t, { path }, { select: ['id'] })
  const evil = "a' OR 1=1; DROP TABLE devices; --"
  t.deepEqual(await table.lookup(['site'], [[evil]]), [[]])
  t.deepEqual(await table.lookup(['odd "name'], [[1.5]]), [[{ id: 1 }]])
  const error = await t.throwsAsync(table.lookup(['id" = 1 OR "1'], [[1]]))
  t.regex(error.message, /it has no column "id" = 1 OR "1"/)
  const other = await opened(t, { path }, { datasource: 'devices"; DROP TABLE devices; --' })
  await t.throwsAsync(other.lookup(['id'], [[1]]), { message: /there is no such table/ })
  t.is((await table.lookup(['site'], [['a']]))[0]?.length, 2)
})

test('a thousand keys are found as one by one', async (t) => {
  const rows = Array.from({ length: 1300 }, (_, i) => `INSERT INTO n VALUES (${i}, ${i * 2});`)
  const { path } = databaseOf(
    t,
    `CREATE TABLE n (k INTEGER PRIMARY KEY, v INTEGER); BEGIN; ${rows.join('')} COMMIT`,
  )
  const table = await opened(t, { path }, { datasource: 'n', select: ['v'] })
  const keys = Array.from({ length: 1290 }, (_, i) => [i])
  t.deepEqual(
    await table.lookup(['k'], keys),
    keys.map(([k = 0]) => [{ v: k * 2 }]),
  )
})

test('a whole number finds the text that means it in a TEXT column', async (t) => {
  const { path } = databaseOf(t, SCHEMA)
  const table = await opened(t, { path }, { datasource: 'texts' })
  t.deepEqual(await table.lookup(['code'], [[5]]), [[{ code: '5', v: 50 }]])
})

test('a database that is not there is no connection; it is found when it comes, and when it is replaced', async (t) => {
  const folder = makeFolder(t, {})
  const path = join(folder, 'late.db')
  const table = await opened(t, { path }, { datasource: 'v' })
  await t.throwsAsync(table.lookup(['k'], [[1]]), { instanceOf: NotConnected })
  databaseAt(
    path,
    'CREATE TABLE v (k INTEGER, t TEXT); INSERT INTO v VALUES (1, "old")'.replaceAll('"', "'"),
  )
  t.deepEqual(await table.lookup(['k'], [[1]]), [[{ k: 1, t: 'old' }]])
  const next = join(folder, 'next.db')
  databaseAt(
    next,
    "CREATE TABLE v (k INTEGER, t TEXT, more TEXT); INSERT INTO v VALUES (1, 'new', 'm')",
  )
  renameSync(next, path)
  t.deepEqual(await table.lookup(['k'], [[1]]), [[{ k: 1, t: 'new', more: 'm' }]])
})

test('what another process writes is seen at once, and nothing is ever written', async (t) => {
  const { path } = databaseOf(t, SCHEMA)
  const table = await opened(t, { path }, { select: ['name'] })
  t.deepEqual(await table.lookup(['id'], [[3]]), [[]])
  databaseAt(path, "INSERT INTO devices (id, name) VALUES (3, 'three')")
  t.deepEqual(await table.lookup(['id'], [[3]]), [[{ name: 'three' }]])
})

test('a query that takes too long loses its thread, and the next one is answered', async (t) => {
  const slow = `CREATE VIEW slow AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 4000000)
    SELECT count(*) AS x FROM c; ${SCHEMA}`
  const { path } = databaseOf(t, slow)
  const thread = new LookupThread({ deadlineMs: 300 })
  const stuck = await opened(t, { path }, { datasource: 'slow', thread })
  const fine = await opened(t, { path }, { select: ['name'], thread })
  await t.throwsAsync(stuck.lookup(['x'], [[1]]), { message: /no answer within 300 ms/ })
  const answer = async (left = 50): Promise<unknown> =>
    fine.lookup(['id'], [[2]]).catch((error) => (left > 0 ? answer(left - 1) : error))
  t.deepEqual(await answer(), [[{ name: 'two' }]])
})

test('what is missing in the configuration is named', (t) => {
  const make = (datasource: string, props: object) => () =>
    new SqliteLookup(new LookupThread()).configure({
      datasource,
      props: { ...props },
      key: undefined,
    })
  t.throws(make('devices', {}), { message: /"path" must name the database file/ })
  t.throws(make('', { path: 'x.db' }), { message: /"DATASOURCE" must name a table/ })
  t.throws(make('d', { url: 'mysql://host/db' }), { message: /must begin with sqlite: or file:/ })
  t.notThrows(make('devices', { url: 'sqlite:///var/lib/x.db' }))
  t.notThrows(make('x.db', { table: 'devices' }))
})

function databaseOf(t: ExecutionContext, sql: string): { path: string } {
  const path = join(makeFolder(t, {}), 'test.db')
  databaseAt(path, sql)
  return { path }
}

function databaseAt(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

async function opened(
  t: ExecutionContext,
  props: Readonly<Record<string, unknown>>,
  {
    datasource = 'devices',
    select,
    thread = new LookupThread(),
  }: {
    readonly datasource?: string
    readonly select?: readonly string[]
    readonly thread?: LookupThread
  } = {},
): Promise<SqliteLookup> {
  const table = new SqliteLookup(thread)
  table.configure({ datasource, props, key: undefined, select })
  await table.open(lookupContext())
  t.teardown(() => table.close())
  return table
}
