import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { createBuiltinConnectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { lookupContext } from '#test/connectors/lookup/context.ts'
import { payloadChunk } from '#test/fixtures/connector.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { serve } from '#test/fixtures/http.ts'
import { cacheFolder, memoryEnvironment } from '../fixtures/cell/cells.ts'
import { sinks } from '../fixtures/cell/connectors.ts'
import { type LookupRule, lookupRule } from '../fixtures/cell/lookup-rule.ts'
import { eventually, keyOf, linesOf, outputFile } from '../fixtures/cell/rules.ts'

const S = 'CREATE STREAM s (id BIGINT, v BIGINT) WITH (DATASOURCE="s", TYPE="memory")'

test.serial(
  'a rule joins a database, a service and a memory table, and filters what it found',
  async (t) => {
    const url = await serve(t, ({ url }, response) => {
      response.end(JSON.stringify(url === '/sites/a' ? { site: 'a', city: 'Aachen' } : []))
    })
    const db = databaseOf(t, 'CREATE TABLE d (id INTEGER PRIMARY KEY, site TEXT, ok BOOLEAN)')
    write(db, "INSERT INTO d VALUES (1, 'a', 1), (2, 'b', 1), (3, 'a', 0)")
    const { feed, rows } = await running(t, {
      rule: 'all',
      sql: `SELECT v, d.site AS site, web.city AS city, m.note AS note FROM s INNER JOIN d ON s.id = d.id
      LEFT JOIN web ON d.site = web.site LEFT JOIN m ON m.id = s.id WHERE d.ok = 1`,
      definitions: [
        S,
        `CREATE TABLE d () WITH (DATASOURCE="d", TYPE="sqlite", KIND="lookup", EXTRA=${extra({ path: db })})`,
        `CREATE TABLE web () WITH (DATASOURCE="/sites/{{.site}}", TYPE="httppull", KIND="lookup", EXTRA=${extra({ url })})`,
        'CREATE TABLE m () WITH (DATASOURCE="m", TYPE="memory", KIND="lookup", KEY="id")',
      ],
    })
    await feed('m', { id: 2, note: 'second' })
    for (const id of [1, 2, 3, 4, 1]) await feed('s', { id, v: id * 10 })
    t.deepEqual(await rows(3), [
      { v: 10, site: 'a', city: 'Aachen' },
      { v: 20, site: 'b', note: 'second' },
      { v: 10, site: 'a', city: 'Aachen' },
    ])
  },
)

test.serial(
  'a table that is down fails the rows that need it, and the rule goes on when it is back',
  async (t) => {
    const db = databaseOf(t, 'CREATE TABLE d (id INTEGER, name TEXT)')
    write(db, "INSERT INTO d VALUES (1, 'one')")
    const { feed, rows, cell } = await running(t, {
      rule: 'down',
      sql: 'SELECT v, name FROM s LEFT JOIN d ON s.id = d.id',
      definitions: [
        S,
        `CREATE TABLE d () WITH (DATASOURCE="d", TYPE="sqlite", KIND="lookup", EXTRA=${extra({ path: db })})`,
      ],
    })
    renameSync(db, `${db}.away`)
    await feed('s', { id: 1, v: 1 })
    const [error] = await rows(1)
    t.regex((error as { error: string }).error, /table "d" of the SQLite database .*: .*ENOENT/)
    renameSync(`${db}.away`, db)
    await feed('s', { id: 1, v: 2 })
    t.deepEqual((await rows(2))[1], { v: 2, name: 'one' })
    t.is((await cell.status(keyOf('down')))?.state, 'running')
  },
)

const sites = `exports.Sites = class {
  configure(datasource, props) { this.of = datasource + ' ' + props.suffix }
  open(ctx) { ctx.logger.info('table open') }
  async lookup(columns, keys, ctx) {
    return keys.map(([id]) => {
      if (id === 6) throw new Error('six is too much')
      if (id === 7) return 'no rows'
      const n = ctx.getCounter('n'); ctx.incrCounter('n', 1)
      return id > 5 ? [] : [{ id, site: columns.join() + ' ' + this.of + ' ' + id }, { id, site: 'again' }]
    })
  }
  close(ctx) { ctx.logger.info('table closed') }
}`

const table = `CREATE TABLE p () WITH (DATASOURCE="data", TYPE="sites", KIND="lookup", EXTRA=${extra({ suffix: 'x' })})`

test.serial(
  'a plugin is a lookup table: called in the rule’s worker, its errors are those of rows',
  async (t) => {
    const { feed, rows, cell, logs } = await running(t, {
      rule: 'plugin',
      sql: 'SELECT v, site FROM s LEFT JOIN p ON s.id = p.id AND site != "again"',
      definitions: [S, table],
      plugins: { sites },
    })
    for (const id of [1, 9]) await feed('s', { id, v: id })
    await rows(2)
    await feed('s', { id: 6, v: 6 })
    await rows(3)
    await feed('s', { id: 7, v: 7 })
    t.deepEqual(await rows(4), [
      { v: 1, site: 'id data x 1' },
      { v: 9 },
      { error: 'source "sites" of plugin acme@1.0.0: six is too much' },
      {
        error:
          'source "sites" of plugin acme@1.0.0: lookup gives for each of 1 keys an array of rows',
      },
    ])
    await cell.stop(keyOf('plugin'))
    t.deepEqual(
      logs().filter((text) => text.startsWith('table')),
      ['table open', 'table closed'],
    )
  },
)

test.serial(
  'where a package has a source and a table of a name, the table is the one with Lookup',
  async (t) => {
    const both = `${sites}
    const { Sites } = exports
    exports.Sites = class { configure() {} open() { throw new Error('the stream') } close() {} }
    exports.SitesLookup = Sites`
    const { feed, rows } = await running(t, {
      rule: 'both',
      sql: 'SELECT site FROM s INNER JOIN p ON s.id = p.id',
      definitions: [S, table],
      plugins: { sites: both },
    })
    await feed('s', { id: 2 })
    t.deepEqual((await rows(2))[1], { site: 'again' })
  },
)

test.serial('a source that cannot look up is refused as a table, by name', async (t) => {
  const plugins = { sites: 'exports.sites = { configure() {}, open() {}, close() {} }' }
  const cell = cellOf(t).cell
  const rule = lookupRule({
    rule: 'none',
    sql: 'SELECT site FROM s INNER JOIN p ON s.id = p.id',
    definitions: [S, table],
    plugins,
    path: await outputFile(),
  })
  await t.throwsAsync(cell.deploy(rule), {
    message: /source "sites" of plugin acme@1.0.0 is no lookup table: it has no method "lookup"/,
  })
})

test.serial('with a cache a service is asked once for a key', async (t) => {
  const asked: string[] = []
  const url = await serve(t, (request, response) => {
    asked.push(request.url ?? '')
    response.end('[{"name": "x"}]')
  })
  const { feed, rows } = await running(t, {
    rule: 'cached',
    sql: 'SELECT v, name FROM s INNER JOIN web ON s.id = web.id',
    definitions: [
      S,
      `CREATE TABLE web () WITH (DATASOURCE="/{{.id}}", TYPE="httppull", KIND="lookup", EXTRA=${extra({ url })})`,
    ],
    settings: { cacheTtlMs: 0, cacheMissing: false },
  })
  for (const v of [1, 2, 3]) {
    await feed('s', { id: 5, v })
    await rows(v)
  }
  t.deepEqual(asked, ['/5'])
})

async function running(t: ExecutionContext, rule: Omit<LookupRule, 'path'>) {
  const { cell, feed, logs } = cellOf(t)
  const path = await outputFile()
  await cell.deploy(lookupRule({ ...rule, path }))
  const rows = async (many: number) =>
    eventually(
      async () => (await linesOf(path)).flatMap((line) => JSON.parse(line) as unknown[]),
      ({ length }) => length >= many,
    )
  return { cell, feed, rows, logs }
}

function cellOf(t: ExecutionContext) {
  const builtin = createBuiltinConnectors()
  const environment = memoryEnvironment()
  const cell = new LocalCell({
    environment: environment.environment,
    connectors: { ...builtin, sinks: new Map([...builtin.sinks, ...sinks]) },
    cacheFolder,
  })
  t.teardown(() => cell.close())
  const feed = async (topic: string, row: object) => {
    const sink = builtin.sinks.get('memory')?.create()
    sink?.configure({ topic })
    await sink?.open(lookupContext())
    await sink?.collect(payloadChunk([JSON.stringify(row)]))
  }
  return { cell, feed, logs: () => environment.lines.map(({ text }) => text) }
}

function databaseOf(t: ExecutionContext, sql: string): string {
  const path = join(makeFolder(t, {}), 'test.db')
  write(path, sql)
  return path
}

function write(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

/** As the text of an option. */
function extra(props: object): string {
  return JSON.stringify(JSON.stringify(props))
}
