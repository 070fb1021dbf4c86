import { mkdtempSync, rmdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { SmallDisk } from '#test/fixtures/small-disk.ts'
import { down, eventually, inFolder, makeLane, numbers } from './lane.ts'

const cache = { enableCache: true, bufferPageSize: 10 }

test('a disk that fails is said, holds the rule up, and loses nothing when it works again', (t) =>
  inFolder(async (folder) => {
    let isFull = true
    const beforeWrite = () => {
      if (isFull) throw new Error('ENOSPC: no space left on device, write')
    }
    const made = await makeLane({ folder, props: cache, beforeWrite })
    made.sink.fails = down()
    let last = 0
    for (; !made.lane.isFull; last += 1000) made.emit(last + 1, last + 1000)
    await eventually(() => made.lane.trouble.includes('ENOSPC'), 'a reason')
    t.is(
      made.lane.trouble,
      'the cache of sink "told_0" cannot be written: ENOSPC: no space left on device, write',
    )
    t.is(made.lane.acknowledged, 0)
    isFull = false
    await eventually(() => made.lane.acknowledged === last, 'the disk')
    t.is(made.lane.trouble, '')
    made.sink.fails = undefined
    await eventually(() => made.lane.isEmpty, 'the end')
    t.deepEqual(made.sink.texts, numbers(1, last))
    await made.close()
  }))

test('a sink that is back is not kept waiting by a disk that takes nothing', (t) =>
  inFolder(async (folder) => {
    let isFull = true
    const beforeWrite = () => {
      if (isFull) throw new Error('ENOSPC: no space left on device, write')
    }
    const made = await makeLane({ folder, props: cache, beforeWrite })
    made.sink.fails = down()
    for (let first = 1; first < 1000; first += 100) made.emit(first, first + 99)
    await eventually(() => made.lane.trouble.includes('ENOSPC'), 'a reason')
    made.sink.fails = undefined
    await eventually(() => made.sink.texts.length >= 500, 'the sink')
    isFull = false
    await eventually(() => made.lane.isEmpty, 'the end')
    t.deepEqual(made.sink.texts, numbers(1, 1000))
    await made.close()
  }))

test('a real disk that is full: nothing is lost or out of order when there is space again', async (t) => {
  t.timeout(300_000)
  const folder = mkdtempSync(join(tmpdir(), 'plutino-small-disk-'))
  const disk = SmallDisk.mount(folder, 256 << 10)
  if (disk === undefined) {
    rmdirSync(folder)
    t.log('skipped: no file system can be mounted here')
    return t.pass()
  }
  try {
    const ballast = join(folder, 'ballast')
    await writeFile(ballast, Buffer.alloc(150_000))
    const made = await makeLane({ folder, props: cache })
    made.sink.fails = down()
    let last = 0
    for (; last < 10_000; last += 100) made.emit(last + 1, last + 100)
    await eventually(() => /ENOSPC|bytes written/.test(made.lane.trouble), 'a full disk')
    t.true(made.lane.acknowledged < last)
    const before = made.lane.acknowledged
    // Room for some of it; the rest follows when the sink takes what is there.
    await rm(ballast)
    await eventually(() => made.lane.acknowledged > before, 'room')
    made.sink.fails = undefined
    await eventually(() => made.lane.isEmpty, 'the end')
    t.deepEqual(made.sink.texts, numbers(1, last))
    await made.close()
  } finally {
    disk.unmount()
    rmdirSync(folder)
  }
})
