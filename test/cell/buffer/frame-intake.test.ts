import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { FrameIntake } from '#host/cell/buffer/frame-intake.ts'
import { TupleWriter } from '#src/sandbox/tuple-writer.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function oneFrame() {
  const writer = new TupleWriter()
  writer.write({ message: { n: 1 }, offset: 1 })
  return writer.take()
}

test('waiting for room again and again leaves nothing behind', async (t) => {
  let hasRoom = true
  const intake = new FrameIntake({
    append: () => {
      hasRoom = !hasRoom
      return hasRoom
    },
    ring: () => {},
    onRoom: (listener) => queueMicrotask(listener),
  })
  const { buffer, count } = oneFrame()
  const megabytesAfter = async (waits: number) => {
    for (let i = 0; i < waits; i++) await intake.write(buffer.slice(0), count)
    collectGarbage()
    return process.memoryUsage().heapUsed / 1e6
  }
  const before = await megabytesAfter(1000)
  t.true((await megabytesAfter(100_000)) - before < 10)
})

test('a chunk is emptied when all of it was taken, and not before', async (t) => {
  let taken = 0
  let room = () => {}
  const intake = new FrameIntake({
    append: () => ++taken > 1,
    ring: () => {},
    onRoom: (listener) => {
      room = listener
    },
  })
  const { buffer, count } = oneFrame()
  const written = intake.write(buffer, count)
  await new Promise(setImmediate)
  t.true(buffer.byteLength > 0)
  room()
  await written
  t.is(buffer.byteLength, 0)
})

for (const end of ['close', 'endLife'] as const) {
  test(`what waits for room does so no longer after ${end}`, async (t) => {
    let appended = 0
    let hasRoom = false
    const intake = new FrameIntake({
      append: () => {
        if (hasRoom) appended++
        return hasRoom
      },
      ring: () => {},
      onRoom: () => {},
    })
    const { buffer, count } = oneFrame()
    const written = intake.write(buffer, count)
    await new Promise((resolve) => setTimeout(resolve, 20))
    intake[end]()
    hasRoom = true
    await written
    t.is(appended, 0)
  })
}
