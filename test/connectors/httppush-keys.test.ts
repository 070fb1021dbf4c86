import test from 'ava'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { KnownRequests } from '#host/cell/connectors/httppush/known-requests.ts'
import { PushServers } from '#host/cell/connectors/httppush/server.ts'
import { HttpPushSource } from '#host/cell/connectors/httppush/source.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { freePort } from '#test/fixtures/ports.ts'
import { framesOf, readAll } from '#test/fixtures/spool.ts'

async function life(folder: string) {
  const spool = await Spool.open({ folder })
  const clock = new ArrivalClock(Date.now, spool.lastArrival)
  const buffer = new SourceBuffer({ firstSequence: spool.next, clock, metas: spool.metas })
  const writer = new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
  const source = new HttpPushSource(new PushServers())
  const port = await freePort()
  source.configure('/in', { httpServerPort: port })
  await source.open(connectorContext().context, writer)
  const post = (key: string, rows: readonly number[]) =>
    fetch(`http://127.0.0.1:${port}/in`, {
      method: 'POST',
      body: rows.join('\n'),
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key },
    })
  const texts = async () => (await readAll(spool, 1)).map(({ text }) => text)
  const close = async () => {
    await source.close()
    await spool.close()
  }
  return { post, texts, close }
}

test('a request with a key that was answered is not taken again in the next life of the host', async (t) => {
  const folder = makeFolder(t)
  const first = await life(folder)
  t.is((await first.post('k1', [1, 2, 3])).status, 200)
  await first.close()
  const second = await life(folder)
  const again = await second.post('k1', [1, 2, 3])
  t.is(again.status, 200)
  t.deepEqual(await again.json(), { result: '3 taken' })
  t.is((await second.post('k2', [4])).status, 200)
  t.deepEqual(await second.texts(), ['1', '2', '3', '4'])
  await second.close()
})

test('of a request that the end of the host has cut in two, the rest is taken when it comes again', async (t) => {
  const folder = makeFolder(t)
  const spool = await Spool.open({ folder })
  const ledger = spool.ledger.of(() => spool.next)
  const known = new KnownRequests(ledger, Date.now)
  known.begin('k1', 4)
  // two of four were in the group that was written when the host died
  await spool.append([framesOf(['1', '2'])])
  await spool.close()
  const next = await life(folder)
  t.is((await next.post('other', [9])).status, 200)
  t.is((await next.post('k1', [1, 2, 3, 4])).status, 200)
  t.is((await next.post('k1', [1, 2, 3, 4])).status, 200)
  t.deepEqual(await next.texts(), ['1', '2', '9', '3', '4'])
  await next.close()
  const last = await life(folder)
  t.is((await last.post('k1', [1, 2, 3, 4])).status, 200)
  t.deepEqual(await last.texts(), ['1', '2', '9', '3', '4'])
  await last.close()
})

test('keys are remembered for an hour, and no more than ten thousand of them', async (t) => {
  const spool = await Spool.open({ folder: makeFolder(t) })
  const ledger = spool.ledger.of(() => 1)
  let now = 0
  const known = new KnownRequests(ledger, () => now)
  for (let i = 0; i < 10_005; i++) known.begin(`${i}`, 1)
  t.is([...ledger.keys()].length, 10_000)
  t.deepEqual([known.taken('4'), known.taken('5')], [0, 1])
  now = 3_600_001
  known.begin('late', 1)
  t.deepEqual([...ledger.keys()], ['http late'])
  await spool.close()
})
