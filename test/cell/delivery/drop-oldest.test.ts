import { join } from 'node:path'
import test from 'ava'
import { ActionCache } from '#host/cell/delivery/action-cache.ts'
import { payloadChunk } from '#test/fixtures/connector.ts'
import { inFolder } from './lane.ts'

test('of a full cache all that is given up is counted, also where a page was under way when room was made', (t) =>
  inFolder(async (folder) => {
    const cache = await ActionCache.open({
      folder: join(folder, 'cache'),
      generation: 'g',
      epoch: 1,
      maxPayloads: 30,
      maxBytes: 1 << 20,
      pageSize: 10,
    })
    let written = 0
    const write = async (count: number) => {
      const texts = Array.from({ length: count }, (_, i) => `${written + i + 1}`)
      cache.makeRoom(count)
      await cache.append([{ ...payloadChunk(texts), first: written + 1 }])
      written += count
    }
    await write(30)
    // Room is made while the first page is under way, and again when it has failed.
    const page = await cache.page()
    await write(10)
    if (page !== undefined) await cache.sent(page, 0)
    await write(10)
    t.is(cache.payloads + cache.dropped, written)
    let sent = 0
    for (let next = await cache.page(); next !== undefined; next = await cache.page()) {
      sent += next.count
      await cache.sent(next, next.count)
    }
    t.is(sent + cache.dropped, written)
    await cache.close()
  }))
