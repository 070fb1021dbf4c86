import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Catalog } from '#host/catalog/catalog.ts'
import type { StoredCheckpoint } from '#host/cell/cell.ts'
import { CheckpointStore, inlineBytes } from '#host/checkpoints/store.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const key = { tenant: 'default', rule: 'r' }

function open(t: ExecutionContext, folder = makeFolder(t)) {
  const catalog = new Catalog(folder)
  t.teardown(() => catalog.close())
  if (catalog.rules.get('default', 'r') === undefined) {
    catalog.rules.put('default', { id: 'r', definition: '{}', triggered: true, temp: false }, [], {
      epoch: 0,
      generation: 'g',
    })
  }
  return { catalog, folder, store: new CheckpointStore(catalog.database, folder) }
}

function checkpoint(epoch: number, mark: number, bytes = 10): StoredCheckpoint {
  return {
    epoch,
    at: 1_700_000_000_000 + mark,
    state: new Uint8Array(bytes).fill(mark),
    sources: [{ stream: 's', sequence: mark, offset: { line: 12n, file: 'a' } }],
    positions: [mark, 0],
  }
}

function files(folder: string): string[] {
  return readdirSync(join(folder, 'checkpoints', 'default', 'r')).sort()
}

const plain = ({ state, ...rest }: StoredCheckpoint) => ({ ...rest, state: [...state] })

test('the newest of a rule comes back as it was committed', async (t) => {
  const { store } = open(t)
  t.is(await store.newest(key), undefined)
  await store.commit(key, checkpoint(0, 1))
  await store.commit(key, checkpoint(0, 2))
  const newest = await store.newest(key)
  t.deepEqual(newest && plain(newest), plain(checkpoint(0, 2)))
})

test('a large one is a file, and comes back too', async (t) => {
  const { store, folder } = open(t)
  await store.commit(key, checkpoint(0, 3, inlineBytes + 1))
  t.deepEqual(files(folder), ['0-1.state'])
  const newest = await store.newest(key)
  t.deepEqual(newest?.state, new Uint8Array(inlineBytes + 1).fill(3))
})

test('a commit of a large state leaves the event loop its turns', async (t) => {
  const { store } = open(t)
  let turns = 0
  let next = setImmediate(function turn() {
    turns++
    next = setImmediate(turn)
  })
  t.teardown(() => clearImmediate(next))
  const large = checkpoint(0, 4, 48 * 1024 * 1024)
  await store.commit(key, large)
  // the digest alone takes 48 slices, with a turn between two
  t.true(turns > 40, `${turns} turns`)
  turns = 0
  t.is((await store.newest(key))?.state.length, large.state.length)
  t.true(turns > 40, `${turns} turns`)
})

test('a body of another format is as good as damaged', async (t) => {
  const { store, catalog } = open(t)
  await store.commit(key, checkpoint(0, 1))
  await store.commit(key, checkpoint(0, 2))
  const other = Buffer.from('PLC9 and what it may hold')
  const sha256 = createHash('sha256').update(other).digest('hex')
  catalog.database.run(
    'UPDATE checkpoints SET body = ?, sha256 = ? WHERE number = 2',
    other,
    sha256,
  )
  t.is((await store.newest(key))?.at, checkpoint(0, 1).at)
})

test('three are kept, and only their files', async (t) => {
  const { store, folder, catalog } = open(t)
  for (let mark = 1; mark <= 5; mark++)
    await store.commit(key, checkpoint(0, mark, inlineBytes + 1))
  t.deepEqual(files(folder), ['0-3.state', '0-4.state', '0-5.state'])
  t.is(catalog.database.all('SELECT * FROM checkpoints').length, 3)
})

test('a damaged one gives way to the one before it', async (t) => {
  const { store, folder } = open(t)
  await store.commit(key, checkpoint(0, 1))
  await store.commit(key, checkpoint(0, 2, inlineBytes + 1))
  const path = join(folder, 'checkpoints', 'default', 'r', '0-2.state')
  const body = readFileSync(path)
  body[body.length >> 1] = 99
  writeFileSync(path, body)
  t.is((await store.newest(key))?.at, checkpoint(0, 1).at)
})

test('an epoch older than the last start, or than the last commit, is refused', async (t) => {
  const { store, catalog } = open(t)
  catalog.rules.nextStart('default', 'r')
  await store.commit(key, checkpoint(1, 1))
  catalog.rules.nextStart('default', 'r')
  await t.throwsAsync(store.commit(key, checkpoint(1, 2)), {
    code: 'stale-epoch',
    message: 'rule "r" has started anew: epoch 1 may not commit after epoch 2',
  })
  await store.commit(key, checkpoint(7, 3))
  await t.throwsAsync(store.commit(key, checkpoint(6, 4)), { code: 'stale-epoch' })
  t.is(catalog.rules.nextStart('default', 'r').epoch, 8)
  t.is((await store.newest(key))?.at, checkpoint(7, 3).at)
})

test('a rule that is gone commits nothing', async (t) => {
  const { store, catalog } = open(t)
  catalog.rules.remove('default', 'r')
  await t.throwsAsync(store.commit(key, checkpoint(1, 1)), {
    code: 'unknown-rule',
    message: 'rule "r" does not exist any more',
  })
})

test('commits made at once keep their order', async (t) => {
  const { store } = open(t)
  const sizes = [inlineBytes + 1, 10, inlineBytes + 1, 10]
  await Promise.all(sizes.map((bytes, index) => store.commit(key, checkpoint(0, index, bytes))))
  t.is((await store.newest(key))?.at, checkpoint(0, 3).at)
})

test('files of commits cut short are swept', async (t) => {
  const { store, folder, catalog } = open(t)
  await store.commit(key, checkpoint(0, 1, inlineBytes + 1))
  writeFileSync(join(folder, 'checkpoints', 'default', 'r', '9-9.state.new'), 'half')
  catalog.close()
  const again = open(t, folder)
  await again.store.sweep()
  t.deepEqual(files(folder), ['0-1.state'])
  await again.store.remove(key)
  t.deepEqual(readdirSync(join(folder, 'checkpoints', 'default')), [])
  t.is(await again.store.newest(key), undefined)
})
