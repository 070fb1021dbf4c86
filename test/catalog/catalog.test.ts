import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { Catalog } from '#host/catalog/catalog.ts'
import { Database } from '#host/catalog/database.ts'
import { migrations } from '#host/catalog/migrations.ts'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const stream = {
  name: 's',
  kind: 'stream',
  sql: 'CREATE STREAM s () WITH ()',
  temp: false,
} as const
const start = { epoch: 0, generation: 'g' }
const rule = { id: 'r', definition: '{"id":"r"}', triggered: true, temp: false }

test('what was put is there again after the process has ended', async (t) => {
  const folder = makeFolder(t)
  const first = new Catalog(folder)
  first.definitions.put('default', stream)
  first.rules.put('default', rule, ['s'], start)
  first.confKeys.put('default', 'sources', 'mqtt', 'k', { qos: 1 })
  await first.durable()
  first.close()
  const second = new Catalog(folder)
  t.deepEqual(second.definitions.list('default'), [stream])
  t.deepEqual(second.rules.list('default'), [rule])
  t.deepEqual([...second.confKeys.list('default', 'sources', 'mqtt')], [['k', { qos: 1 }]])
  t.deepEqual(second.definitions.users('default', 's'), ['r'])
  second.close()
})

test('what is temporary is gone with its process', (t) => {
  const folder = makeFolder(t)
  const first = new Catalog(folder)
  first.definitions.put('default', { ...stream, temp: true })
  first.rules.put('default', { ...rule, temp: true }, ['s'], start)
  first.close()
  const second = new Catalog(folder)
  t.deepEqual([second.definitions.list('default'), second.rules.list('default')], [[], []])
  second.close()
})

test('a change that fails half-way leaves nothing behind', (t) => {
  const catalog = new Catalog(makeFolder(t))
  const change = () =>
    catalog.transaction(() => {
      catalog.definitions.put('default', stream)
      catalog.rules.put('default', rule, ['s'], start)
      throw new Error('half-way')
    })
  t.throws(change, { message: 'half-way' })
  t.deepEqual([catalog.definitions.list('default'), catalog.rules.list('default')], [[], []])
  catalog.definitions.put('default', stream)
  t.deepEqual(catalog.definitions.list('default'), [stream])
  catalog.close()
})

test('a tenant sees nothing of another', (t) => {
  const catalog = new Catalog(makeFolder(t))
  catalog.definitions.put('default', stream)
  t.is(catalog.definitions.get('other', 's'), undefined)
  t.deepEqual(catalog.tenants(), ['default'])
  t.throws(() => catalog.definitions.put('other', stream), { message: /FOREIGN KEY/ })
  catalog.close()
})

test('each start of a rule has a greater epoch, also after it was changed', (t) => {
  const catalog = new Catalog(makeFolder(t))
  catalog.rules.put('default', rule, [], start)
  t.deepEqual(catalog.rules.nextStart('default', 'r'), { epoch: 1, generation: 'g' })
  t.deepEqual(catalog.rules.nextStart('default', 'r'), { epoch: 2, generation: 'g' })
  catalog.rules.put('default', { ...rule, definition: '{}' }, [], { epoch: 0, generation: 'other' })
  t.deepEqual(catalog.rules.nextStart('default', 'r'), { epoch: 3, generation: 'g' })
  catalog.rules.setGeneration('default', 'r', 'h')
  t.deepEqual(catalog.rules.nextStart('default', 'r'), { epoch: 4, generation: 'h' })
  catalog.close()
})

test('a rule that is removed gives up its streams', (t) => {
  const catalog = new Catalog(makeFolder(t))
  catalog.rules.put('default', rule, ['a', 'b', 'a'], start)
  t.deepEqual(catalog.definitions.users('default', 'b'), ['r'])
  t.true(catalog.rules.remove('default', 'r'))
  t.deepEqual(catalog.definitions.users('default', 'b'), [])
  t.false(catalog.rules.remove('default', 'r'))
  catalog.close()
})

test('plugin records are kept by package, version and kind', (t) => {
  const catalog = new Catalog(makeFolder(t))
  const record: PluginRecord = {
    package: 'acme',
    version: '1.2.0',
    kind: 'source',
    names: ['tail', 'head'],
    path: 'plugins/acme@1.2.0',
    sha256: 'ab',
    tier: 'sandboxed',
    asked: { network: ['tcp://db:3306'] },
    given: null,
    details: { file: 'x.js' },
  }
  catalog.plugins.put('default', [
    record,
    { ...record, kind: 'sink' },
    { ...record, version: '1.3.0' },
  ])
  t.deepEqual(catalog.plugins.get('default', 'acme', '1.2.0', 'source'), record)
  t.is(catalog.plugins.list('default', 'source').length, 2)
  t.is(catalog.plugins.remove('default', 'acme', '1.2.0'), 2)
  t.is(catalog.plugins.remove('default', 'acme'), 1)
  t.deepEqual(catalog.plugins.list('default'), [])
  catalog.close()
})

test('a data folder is held by one process', async (t) => {
  const folder = makeFolder(t)
  const script = `import { Catalog } from '#host/catalog/catalog.ts'
    new Catalog(process.argv[1]); console.log('open'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const error = t.throws(() => new Catalog(folder), { code: 'folder-in-use' })
  t.is(
    error?.message,
    `data folder ${folder} is in use by another process (${child.pid}); stop it, or give another folder with --data`,
  )
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  new Catalog(folder).close()
})

test('a data folder of a newer version is refused', (t) => {
  const folder = makeFolder(t)
  new Catalog(folder).close()
  const db = new DatabaseSync(join(folder, 'catalog.db'))
  db.exec('PRAGMA user_version = 99')
  db.close()
  const error = t.throws(() => new Catalog(folder), { code: 'folder-newer' })
  t.is(
    error?.message,
    `data folder ${folder} was written by a newer version (catalog 99, this one knows ${migrations.length}); ` +
      'start that version, or give another folder with --data',
  )
})

test('a data folder is made with its parents, for its owner only', (t) => {
  const folder = join(makeFolder(t), 'a', 'data')
  new Catalog(folder).close()
  t.is(statSync(folder).mode & 0o777, 0o700)
})

test('a data folder that cannot be made is refused', (t) => {
  const folder = join(makeFolder(t, { taken: 'a file' }), 'taken', 'data')
  const error = t.throws(() => new Catalog(folder), { code: 'folder-not-writable' })
  t.regex(error?.message ?? '', /^data folder \S+ cannot be written \(ENOTDIR.*--data$/)
})

test('a damaged catalog is refused', (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, 'catalog.db'), 'no database '.repeat(1000))
  const error = t.throws(() => new Catalog(folder), { code: 'catalog-broken' })
  t.is(
    error?.message,
    `catalog.db in data folder ${folder} is damaged (file is not a database); put a copy back, or give another folder with --data`,
  )
})

test('a full disk is named, and what was there stays', (t) => {
  const folder = makeFolder(t)
  const catalog = new Catalog(folder)
  catalog.definitions.put('default', stream)
  catalog.database.get('PRAGMA max_page_count = 1')
  const big = { ...stream, name: 'big', sql: 'x'.repeat(1_000_000) }
  const error = t.throws(() => catalog.definitions.put('default', big), { code: 'folder-full' })
  t.is(error?.message, `data folder ${folder}: the disk is full; free some space`)
  t.deepEqual(catalog.definitions.list('default'), [stream])
  catalog.close()
})

test('everyone who waits for durability is served, also those who come during a sync', async (t) => {
  const db = new Database(makeFolder(t))
  const first = db.durable()
  const second = db.durable()
  const third = db.durable()
  await t.notThrowsAsync(Promise.all([first, second, third]))
  await db.durable()
  db.close()
  await db.durable()
})
