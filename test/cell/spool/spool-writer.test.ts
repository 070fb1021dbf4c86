import test from 'ava'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

test('a spool filled in one go has room again when all of it is covered', async (t) => {
  const spool = await Spool.open({ folder: makeFolder(t), limitBytes: 80_000 })
  const clock = new ArrivalClock(Date.now)
  const buffer = new SourceBuffer({ clock, metas: spool.metas })
  const writer = new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
  const payload = Buffer.alloc(84, 'x')
  for (let round = 0; round < 4; round++) {
    let written = 0
    while (writer.write(payload, 0, payload.length)) written++
    t.true(written > 500, `round ${round}: ${written}`)
    await new Promise<void>((resolve) => writer.whenDurable(resolve))
    spool.cut(spool.next)
    t.true(spool.bytes <= spool.limitBytes / 2, `round ${round}: ${spool.bytes} bytes are left`)
    t.false(writer.isFull)
  }
  await spool.close()
})
