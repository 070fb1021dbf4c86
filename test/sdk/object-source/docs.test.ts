import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { build } from 'esbuild'
import { live, type RewindableSource } from './plugin.ts'
import { MemoryState } from './rig.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** The page's example as it stands, over a database in a file. */
async function example(folder: string): Promise<new () => RewindableSource> {
  const page = await readFile(path.join(root, 'docs/object-source.md'), 'utf8')
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  const database = `
    import { DatabaseSync } from 'node:sqlite'
    export async function connect(dsn) {
      const db = new DatabaseSync(dsn)
      return { query: async (sql, args = []) => db.prepare(sql).all(...args), end: async () => db.close() }
    }`
  const outfile = path.join(folder, 'example.mjs')
  await build({
    stdin: { contents: code, loader: 'ts', resolveDir: root },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
    logLevel: 'silent',
    plugins: [
      {
        name: 'database',
        setup(bundler) {
          bundler.onResolve({ filter: /database/ }, ({ path: name }) => ({
            path: name,
            namespace: 'db',
          }))
          bundler.onLoad({ filter: /.*/, namespace: 'db' }, () => ({
            contents: database,
            resolveDir: root,
          }))
        },
      },
    ],
  })
  const { table } = (await import(pathToFileURL(outfile).href)) as {
    table: new () => RewindableSource
  }
  return table
}

test("the page's example reads a table, goes on after a crash and sees rows that are added and changed", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'plutino-object-source-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const Table = await example(folder)
  const dsn = path.join(folder, 'orders.db')
  const db = new DatabaseSync(dsn)
  db.exec('create table orders (id integer primary key, changed integer, item text)')
  const insert = db.prepare('insert into orders values (?, ?, ?)')
  for (let id = 1; id <= 1200; id++) insert.run(id, 0, `item ${id}`)
  const state = new MemoryState()
  const common = { datasource: 'orders', props: { dsn }, state }
  const first = await live(new Table(), { ...common, until: 700 })
  insert.run(2000, 0, 'late')
  db.exec("update orders set changed = 1, item = 'other' where id = 650")
  const second = await live(new Table(), { ...common, from: first.offset, until: 502 })
  db.close()
  const idOf = ({ message }: { message: unknown }) => (message as { id: number }).id
  const expected = [650, ...Array.from({ length: 500 }, (_, i) => i + 701), 2000]
  t.deepEqual(
    first.tuples.map(idOf),
    Array.from({ length: 700 }, (_, i) => i + 1),
  )
  t.deepEqual(second.tuples.map(idOf), expected)
  t.deepEqual({ ...(second.tuples[0]?.message as object) }, { id: 650, changed: 1, item: 'other' })
  t.deepEqual(second.tuples[0]?.meta, { storageKey: '650', version: '1', recordCount: 1 })
})

test('the page names every property with its default', async (t) => {
  const page = await readFile(path.join(root, 'docs/object-source.md'), 'utf8')
  const source = await readFile(path.join(root, 'sdk/src/object-source/source-config.ts'), 'utf8')
  const names = [...source.matchAll(/(?:count|choice|text)\(\s*props,\s*'([a-z.]+)'/g)].map(
    ([, name]) => name,
  )
  t.true(names.length > 12)
  for (const name of names) if (name !== 'task.id') t.true(page.includes(`\`${name}\``), name)
})
