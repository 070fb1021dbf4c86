import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Checkpoint, inProcess, type TestTuple } from '@plutino/sdk/testing'
import test, { type ExecutionContext } from 'ava'
import { Folder } from './folder.ts'

const project = fileURLToPath(new URL('..', import.meta.url))

interface Use {
  readonly datasource?: string
  readonly props?: Readonly<Record<string, unknown>>
  readonly restore?: Checkpoint | undefined
}

/** A source over a folder. */
async function start(t: ExecutionContext, folder: Folder, { props, ...use }: Use = {}) {
  const grants = { files: { folders: { input: folder.path } } }
  const plugin = await inProcess(project, { grants })
  t.teardown(() => plugin.close())
  const all = { 'input.format': 'jsonl', ...props }
  const source = await plugin.source('objectsFile', { ...use, props: all })
  const look = async () => {
    await plugin.clock.advance(1000)
    // files are read meanwhile
    await sleep(1)
  }
  const reach = async (count: number): Promise<readonly TestTuple[]> => {
    const end = Date.now() + 60_000
    while (source.tuples.length < count && Date.now() < end && !source.failed) await look()
    t.is(source.failed, undefined)
    return source.tuples
  }
  return {
    source,
    plugin,
    /** All that came, when so many are there. */
    reach,
    /** All that came, when so many are there and several listings brought no more. */
    async whole(count: number): Promise<readonly TestTuple[]> {
      await reach(count)
      for (let i = 0; i < 20; i++) await look()
      return source.tuples
    },
  }
}

const lines = (name: string, count: number) =>
  rows(name, count)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')
const rows = (name: string, count: number) => Array.from({ length: count }, (_, n) => ({ name, n }))
const messages = (tuples: readonly TestTuple[]) => tuples.map(({ message }) => message)

test('every line of every file is a row, in the order of files and lines, with the name of its file', async (t) => {
  const folder = new Folder(t)
  const names = ['2026/10.jsonl', '2026/9 (late).jsonl', 'a+b%20c#.jsonl', 'ключ/ö ß', '\u{1f600}']
  for (const name of names.toReversed()) folder.put(name, lines(name, 3))
  const { whole } = await start(t, folder)
  const tuples = await whole(15)
  t.deepEqual(
    messages(tuples),
    names.flatMap((name) => rows(name, 3)),
  )
  t.deepEqual(
    tuples.map(({ meta }) => [meta?.storageKey, meta?.recordCount]),
    names.flatMap((name) => [1, 2, 3].map((n) => [name, n])),
  )
})

test('late, replaced and grown files are read in the next listing, and none twice', async (t) => {
  const folder = new Folder(t)
  for (const name of ['b', 'd']) folder.put(name, lines(name, 2))
  const { whole } = await start(t, folder)
  await whole(4)
  folder.put('a', lines('late', 2))
  await whole(6)
  folder.put('b', lines('replaced', 1))
  await whole(7)
  folder.put('d', lines('d', 3))
  t.deepEqual(messages(await whole(10)), [
    ...[...rows('b', 2), ...rows('d', 2)],
    ...rows('late', 2),
    ...rows('replaced', 1),
    ...rows('d', 3),
  ])
})

test('where files vanish while others are read, each is read whole or not at all, and those behind them are', async (t) => {
  const folder = new Folder(t)
  const names = Array.from({ length: 60 }, (_, i) => `f${String(i).padStart(2, '0')}`)
  for (const name of names) folder.put(name, lines(name, 50))
  const props = { 'file.fetch.page.size': 1, 'prefetch.objects': 0, 'max.poll.records': 5 }
  const { reach, whole } = await start(t, folder, { props })
  await reach(1)
  for (const name of names.slice(20, 40)) folder.remove(name)
  const kept = [...names.slice(0, 20), ...names.slice(40)]
  const found = messages(await whole(kept.length * 50))
  const seen = names.filter((name) => found.some((row) => 'name' in row && row.name === name))
  t.deepEqual(
    found,
    seen.flatMap((name) => rows(name, 50)),
  )
  for (const name of kept) t.true(seen.includes(name), name)
})

test('only the folder of DATASOURCE is read; without file.recursive no folder within', async (t) => {
  const folder = new Folder(t)
  for (const name of ['in/here/1', 'in/here/deep/2', 'in/3', '4']) folder.put(name, lines(name, 1))
  const deep = await start(t, folder, { datasource: './in//here/' })
  t.deepEqual(
    (await deep.whole(2)).map(({ meta }) => meta?.storageKey),
    ['1', 'deep/2'],
  )
  const flat = await start(t, folder, { datasource: '.', props: { 'file.recursive': 'false' } })
  t.deepEqual(messages(await flat.whole(1)), rows('4', 1))
})

test('a file that is still written waits until it has settled', async (t) => {
  const folder = new Folder(t)
  const { plugin, whole } = await start(t, folder, { props: { 'file.settle.ms': 6_000_000 } })
  const now = plugin.clock.now()
  folder.put('a', lines('a', 1), now - 1000)
  folder.put('b', lines('b', 1), now - 6_000_000)
  t.deepEqual(messages(await whole(1)), rows('b', 1))
  t.true(plugin.clock.now() < now + 5_999_000)
  await plugin.clock.advance(6_000_000)
  t.deepEqual(messages(await whole(2)), [...rows('b', 1), ...rows('a', 1)])
})

test('from the offset of any row it goes on with the next one, with the state of an earlier checkpoint', async (t) => {
  const folder = new Folder(t)
  for (const name of ['a', 'b', 'c']) folder.put(name, lines(name, 30))
  const first = await start(t, folder)
  const { state } = await first.source.checkpoint()
  const whole = await first.whole(90)
  for (const at of [0, 14, 29, 30, 58, 88]) {
    const restore = { state, offset: whole[at]?.offset }
    const next = await start(t, folder, { restore })
    t.deepEqual(messages(await next.whole(89 - at)), messages(whole.slice(at + 1)), `row ${at}`)
  }
})

test('behind the last row it goes on with what came meanwhile', async (t) => {
  const folder = new Folder(t)
  for (const name of ['a', 'c']) folder.put(name, lines(name, 2))
  const first = await start(t, folder)
  await first.whole(4)
  const restore = await first.source.checkpoint()
  await first.source.close()
  folder.put('b', lines('b', 1))
  folder.put('c', lines('replaced', 1))
  const next = await start(t, folder, { restore })
  t.deepEqual(messages(await next.whole(2)), [...rows('b', 1), ...rows('replaced', 1)])
})

test('compressed files, and csv', async (t) => {
  const folder = new Folder(t)
  folder.put('a.gz', gzipSync('name,n\na,"0"\n'))
  folder.put('b.gz', gzipSync('n,name\n1,"b, ""quoted"""\n'))
  const props = { 'input.format': 'csv', 'file.compression.type': 'gzip' }
  const { whole } = await start(t, folder, { props })
  t.deepEqual(messages(await whole(2)), [
    { name: 'a', n: '0' },
    { n: '1', name: 'b, "quoted"' },
  ])
})

test('a folder that was not granted, and a property that cannot be, are named', async (t) => {
  const folder = new Folder(t)
  await using plugin = await inProcess(project)
  const source = await plugin.source('objectsFile')
  await t.throwsAsync(source.next(), { message: /files input was not granted/ })
  for (const [props, message] of [
    [{ 'file.fetch.page.size': 0 }, /file\.fetch\.page\.size: 0/],
    [{ 'file.settle.ms': -1 }, /file\.settle\.ms: -1/],
    [{ 'file.recursive': 'maybe' }, /file\.recursive: "maybe"/],
    [{ 'input.format': 'xml' }, /xml/],
  ] as const) {
    await t.throwsAsync(start(t, folder, { props }), { message })
  }
})
