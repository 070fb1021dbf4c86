import test from 'ava'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { FrameIntake } from '#host/cell/buffer/frame-intake.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { TupleWriter } from '#src/sandbox/tuple-writer.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

/** Tuples of one array, up to its first `known` or all of it. */
function framesOf(offsets: readonly [before: unknown, after: unknown], of: number, known = of) {
  const writer = new TupleWriter()
  for (let i = 1; i <= known; i++) {
    const place = i === of ? { offset: offsets[1] } : { offset: offsets[0], skip: i }
    writer.write({ message: { i }, ...place })
  }
  return writer.take()
}

const places = [
  { title: 'a number', offsets: [7, 12], of: 5 },
  { title: 'an object', offsets: [{ at: 7 }, { at: 12 }], of: 5 },
  { title: 'nothing yet', offsets: [undefined, 12], of: 5 },
] as const

for (const { title, offsets, of } of places) {
  test(`a spool that ends within an array says how much of it is known, also when it is opened again: behind ${title}`, async (t) => {
    const folder = makeFolder(t)
    const spool = await Spool.open({ folder })
    const clock = new ArrivalClock(Date.now)
    const buffer = new SourceBuffer({ clock, metas: spool.metas })
    const intake = new FrameIntake(new SpoolWriter({ spool, buffer, clock, onSafe: () => {} }))
    const part = framesOf(offsets, of, 3)
    await intake.write(part.buffer, part.count)
    t.deepEqual(spool.lastPlace, { offset: offsets[0], skip: 3 })
    await spool.close()
    const again = await Spool.open({ folder })
    t.deepEqual(again.lastPlace, { offset: offsets[0], skip: 3 })
    await again.close()
  })
}

test('a spool that ends with an array goes on behind it', async (t) => {
  const spool = await Spool.open({ folder: makeFolder(t) })
  const clock = new ArrivalClock(Date.now)
  const buffer = new SourceBuffer({ clock, metas: spool.metas })
  const intake = new FrameIntake(new SpoolWriter({ spool, buffer, clock, onSafe: () => {} }))
  const whole = framesOf([7, 12], 5)
  await intake.write(whole.buffer, whole.count)
  t.deepEqual(spool.lastPlace, { offset: 12, skip: undefined })
  await spool.close()
})

for (const [offset, how] of [
  [12, 'is thrown away where its source brings it again'],
  [undefined, 'is kept where its source cannot bring it again'],
] as const) {
  test(`what waits for room of a worker that is gone ${how}`, async (t) => {
    const spool = await Spool.open({ folder: makeFolder(t) })
    const clock = new ArrivalClock(Date.now)
    const buffer = new SourceBuffer({ clock, metas: spool.metas, bufferLength: 3 })
    const writer = new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
    const intake = new FrameIntake(writer)
    const reader = buffer.addReader({ isLossless: true })
    const old = framesOf([offset === undefined ? undefined : 7, offset], 5)
    const written = intake.write(old.buffer, old.count)
    await new Promise<void>((resolve) => setTimeout(resolve, 50))
    intake.endLife()
    const successor = framesOf([7, 8], 1)
    const more = intake.write(successor.buffer, successor.count)
    let isRead = false
    const all = Promise.all([written, more]).then(() => {
      isRead = true
    })
    while (!isRead) {
      if (buffer.take(reader).length > 0) buffer.acknowledge(reader)
      await new Promise<void>((resolve) => setTimeout(resolve, 2))
    }
    await all
    t.is(spool.next - 1, offset === undefined ? 6 : 4)
    await spool.close()
  })
}
