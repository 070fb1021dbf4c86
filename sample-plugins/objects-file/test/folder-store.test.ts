import { filesOf } from '@plutino/sdk/testing'
import test from 'ava'
import { type FolderOptions, FolderStore, type StoredFile } from '../sources/folder-store.ts'
import { Folder } from './folder.ts'

const { signal } = new AbortController()
const MIB = 2 ** 20

function storeOf(folder: Folder, options: Partial<FolderOptions> = {}): FolderStore {
  const all = { path: '', isRecursive: true, pageSize: 2, settleMs: 0, now: Date.now }
  return new FolderStore(filesOf(folder.path), { ...all, ...options })
}

async function pathsOf(store: FolderStore, after?: string): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of store.list(after, signal)) paths.push(path)
  return paths
}

async function found(store: FolderStore, path: string): Promise<StoredFile> {
  for await (const file of store.list(undefined, signal)) if (file.path === path) return file
  throw new Error(`no file ${path}`)
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

/** As they are walked. */
const names = [
  'Z.txt',
  'a/10.txt',
  'a/2/deep.txt',
  'a/2-.txt',
  'a b/x y.txt',
  'a+b%20c.txt',
  'a-b.txt',
  "it's (1)!#?&=.txt",
  'ö/ß/ü.txt',
  'ключ.txt',
  '\u{1f600}.txt',
  '\uffee.txt',
]

test('files are listed folder by folder in the order of their names, over pages, odd names among them', async (t) => {
  const folder = new Folder(t)
  for (const name of names.toReversed()) folder.put(name, `this is ${name}`)
  const store = storeOf(folder)
  t.deepEqual(await pathsOf(store), names)
  t.deepEqual(await pathsOf(storeOf(folder, { pageSize: 1000 })), names)
  t.deepEqual(names.toSorted(store.compareKeys), names)
  for (const name of names) {
    t.is(await textOf(store.open(await found(store, name), undefined, signal)), `this is ${name}`)
  }
})

test('a listing begins behind any name, also behind one that is gone', async (t) => {
  const folder = new Folder(t)
  for (const name of names) folder.put(name, 'x')
  const store = storeOf(folder)
  for (const [i, name] of names.entries()) {
    t.deepEqual(await pathsOf(store, name), names.slice(i + 1), name)
  }
  folder.remove('a')
  t.deepEqual(await pathsOf(store, 'a/10.txt'), names.slice(4))
})

test('a folder within, and that one alone', async (t) => {
  const folder = new Folder(t)
  for (const name of ['in/1', 'in/deep/2', 'in/3', 'out/4']) folder.put(name, 'x')
  const within = storeOf(folder, { path: 'in' })
  t.deepEqual(await pathsOf(within), ['1', '3', 'deep/2'])
  t.is(await textOf(within.open(await found(within, 'deep/2'), undefined, signal)), 'x')
  t.deepEqual(await pathsOf(storeOf(folder, { path: 'in', isRecursive: false })), ['1', '3'])
})

test('a file must have stayed as it is for as long as was said', async (t) => {
  const folder = new Folder(t)
  folder.put('new', 'x', 5000)
  folder.put('old', 'x', 4000)
  let now = 5999
  const store = storeOf(folder, { settleMs: 1000, now: () => now })
  t.deepEqual(await pathsOf(store), ['old'])
  now = 6000
  t.deepEqual(await pathsOf(store), ['new', 'old'])
})

test('a file that vanishes after it was listed is an error of that file', async (t) => {
  const folder = new Folder(t)
  for (const name of ['a', 'b', 'c']) folder.put(name, name)
  const store = storeOf(folder)
  const gone = await found(store, 'b')
  folder.remove('b')
  await t.throwsAsync(textOf(store.open(gone, undefined, signal)), { code: 'ENOENT' })
  await t.throwsAsync(store.read(gone, 0, 1), { code: 'ENOENT' })
})

test('a folder that vanishes while its files are listed ends its part of the listing', async (t) => {
  const folder = new Folder(t)
  for (let i = 0; i < 5; i++) folder.put(`a/${i}`, 'x')
  folder.put('b', 'x')
  const paths: string[] = []
  for await (const { path } of storeOf(folder).list(undefined, signal)) {
    paths.push(path)
    if (path === 'a/1') folder.remove('a')
  }
  t.deepEqual(paths, ['a/0', 'a/1', 'b'])
})

test('a file that is replaced while it is read is left to the next listing', async (t) => {
  const folder = new Folder(t)
  folder.put('big', 'a'.repeat(3 * MIB))
  const store = storeOf(folder)
  const old = await found(store, 'big')
  const chunks = store.open(old, undefined, signal)
  const { value: first } = await chunks.next()
  t.is(first?.[0], 97)
  folder.put('big', 'b'.repeat(3 * MIB))
  const refusal = { code: 'skip-object', message: 'file "big" was replaced while it was read' }
  await t.throwsAsync(chunks.next(), refusal)
  await t.throwsAsync(store.read(old, 0, 1), refusal)
  const now = await found(store, 'big')
  t.not(store.version(now), store.version(old))
  t.is(await textOf(store.open(now, { offset: 3 * MIB - 2 }, signal)), 'bb')
})

test('reading ends with the signal', async (t) => {
  const folder = new Folder(t)
  folder.put('big', 'a'.repeat(3 * MIB))
  for (let i = 0; i < 5; i++) folder.put(`later/${i}`, 'x')
  const store = storeOf(folder)
  const stop = new AbortController()
  const chunks = store.open(await found(store, 'big'), undefined, stop.signal)
  const listing = store.list(undefined, stop.signal)
  t.false((await chunks.next()).done)
  t.false((await listing.next()).done)
  stop.abort()
  t.true((await chunks.next()).done)
  t.true((await listing.next()).done)
})
