import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { CacheRoom } from '#host/cell/delivery/cache-room.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const options = {
  generation: 'g',
  epoch: 1,
  maxPayloads: 100,
  maxBytes: 65_536,
  pageSize: 4,
}

test('the caches of one rule open at the same time, and say once whose they are', async (t) => {
  const folder = makeFolder(t)
  const room = new CacheRoom(folder)
  const key = { tenant: 'default', rule: 'r' }
  for (let life = 0; life < 5; life++) {
    const names = Array.from({ length: 8 }, (_, i) => `rest_${i}`)
    const caches = await Promise.all(names.map((name) => room.open(key, name, options)))
    t.deepEqual(
      caches.map(({ payloads }) => payloads),
      names.map(() => 0),
    )
    await Promise.all(caches.map((cache) => cache.close()))
    const [own = ''] = readdirSync(join(folder, 'sink-cache'))
    const files = readdirSync(join(folder, 'sink-cache', own))
    t.deepEqual(files.sort(), ['cache.json', ...names])
    await room.forget(key)
  }
})
