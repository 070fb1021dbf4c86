import test from 'ava'
import { isFramed } from '#host/cell/buffer/chunk.ts'
import { FrameIntake } from '#host/cell/buffer/frame-intake.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { textsIn, tuplesIn } from './frames.ts'

const lossy = { isLossless: false }
const lossless = { isLossless: true }

test('what was written comes out in order, with arrival, offset and metadata', (t) => {
  let now = 1000
  const buffer = new SourceBuffer({ now: () => now })
  const reader = buffer.addReader(lossy)
  const topic = buffer.meta({ topic: 'a/b' })
  t.is(buffer.meta({ topic: 'a/b' }), topic)
  write(buffer, 'one', { metaReference: topic, offset: 7 })
  buffer.ring()
  now = 900
  write(buffer, 'two', { offset: { file: 'x', line: 2 }, timestamp: 5 })
  t.deepEqual(tuplesIn(buffer.take(reader)), [
    { sequence: 1, text: 'one', arrival: 1000, offset: 7, metaReference: topic },
    { sequence: 2, text: 'two', arrival: 1000, offset: { file: 'x', line: 2 }, metaReference: 0 },
  ])
  t.deepEqual(buffer.newMetas(reader), [{ reference: topic, meta: { topic: 'a/b' } }])
  t.deepEqual(buffer.newMetas(reader), [])
  t.deepEqual([buffer.offsetOf(1), buffer.offsetOf(2)], [7, { file: 'x', line: 2 }])
})

test('a full buffer refuses, tells when a quarter is free, and never holds more than its bound', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 8 })
  const reader = buffer.addReader(lossless)
  for (let i = 0; i < 8; i++) t.true(write(buffer, `${i}`))
  t.false(write(buffer, 'no'))
  let told = 0
  buffer.onRoom(() => told++)
  const single = () => buffer.take(reader, { single: true })
  t.deepEqual(textsIn(single()), ['0'])
  t.false(write(buffer, 'sent is not yet read'))
  single()
  buffer.acknowledge(reader)
  t.is(told, 0)
  buffer.acknowledge(reader)
  t.is(told, 1)
  t.is(buffer.room, 2)
  t.is(buffer.highWater, 8)
  t.deepEqual(textsIn(buffer.take(reader)), ['2', '3', '4', '5', '6', '7'])
})

test('bytes bound the buffer as well, and a tuple larger than all of it is dropped and counted', (t) => {
  const buffer = new SourceBuffer({ bufferBytes: 1000 })
  const reader = buffer.addReader(lossy)
  const large = 'x'.repeat(400)
  t.deepEqual(
    [1, 2, 3].map(() => write(buffer, large)),
    [true, true, false],
  )
  t.true(write(buffer, 'y'.repeat(2000)))
  t.is(buffer.dropped, 1)
  t.is(reader.dropped, 1)
  t.deepEqual(textsIn(buffer.take(reader)), [large, large])
})

test('a dead worker’s successor gets everything that was not acknowledged, with the metadata again', (t) => {
  const buffer = new SourceBuffer()
  const reader = buffer.addReader(lossy)
  const topic = buffer.meta({ topic: 'a' })
  for (const text of ['1', '2']) write(buffer, text, { metaReference: topic })
  buffer.take(reader)
  buffer.newMetas(reader)
  write(buffer, '3')
  buffer.take(reader)
  buffer.acknowledge(reader)
  write(buffer, '4')
  buffer.rewind(reader)
  t.deepEqual(textsIn(buffer.take(reader)), ['3', '4'])
  t.is(buffer.newMetas(reader).length, 1)
})

test('when the source cannot wait, the oldest tuple that is in nobody’s hands makes room', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 3 })
  const reader = buffer.addReader(lossy)
  for (const text of ['1', '2']) write(buffer, text)
  buffer.take(reader)
  write(buffer, '3')
  drop(buffer, '4')
  t.deepEqual([buffer.dropped, reader.dropped, buffer.unread], [1, 1, 3])
  buffer.rewind(reader)
  t.deepEqual(
    tuplesIn(buffer.take(reader)).map(({ sequence, text }) => [sequence, text]),
    [
      [1, '1'],
      [2, '2'],
      [4, '4'],
    ],
  )
})

test('by policy the newest tuple is the one that is dropped', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 2, dropPolicy: 'newest' })
  const reader = buffer.addReader(lossy)
  for (const text of ['1', '2']) write(buffer, text)
  drop(buffer, '3')
  t.deepEqual(textsIn(buffer.take(reader)), ['1', '2'])
  t.is(reader.dropped, 1)
})

test('a reader that falls a whole bound behind the fastest is moved on, and only its drops are counted', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 4 })
  const fast = buffer.addReader(lossy)
  const slow = buffer.addReader(lossy)
  for (let i = 1; i <= 6; i++) {
    t.true(write(buffer, `${i}`))
    buffer.take(fast)
    buffer.acknowledge(fast)
  }
  t.is(fast.dropped, 0)
  const left = textsIn(buffer.take(slow))
  t.is(slow.dropped + left.length, 6)
  t.is(left.at(-1), '6')
})

test('a lossless reader is never moved on: the source waits for it', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 4 })
  const fast = buffer.addReader(lossy)
  const slow = buffer.addReader(lossless)
  for (let i = 1; i <= 4; i++) {
    write(buffer, `${i}`)
    buffer.take(fast)
    buffer.acknowledge(fast)
  }
  t.false(write(buffer, '5'))
  t.deepEqual(textsIn(buffer.take(slow)), ['1', '2', '3', '4'])
})

test('a reader that hangs does not keep the chunks behind what it holds', (t) => {
  const buffer = new SourceBuffer({ bufferLength: 10 })
  const reader = buffer.addReader(lossy)
  const payload = 'x'.repeat(30_000)
  for (let i = 0; i < 10; i++) write(buffer, payload)
  buffer.take(reader, { single: true })
  for (let i = 0; i < 40; i++) drop(buffer, payload)
  t.is(buffer.offsetOf(1), undefined)
  t.is(reader.oldest?.sequence, 41)
})

test('one reader scribbling over its copy changes nothing for the others', (t) => {
  const buffer = new SourceBuffer()
  const vandal = buffer.addReader(lossy)
  const other = buffer.addReader(lossy)
  write(buffer, 'intact')
  for (const { buffer: copy } of buffer.take(vandal)) new Uint8Array(copy).fill(0xff)
  t.deepEqual(textsIn(buffer.take(other)), ['intact'])
  buffer.rewind(vandal)
  t.deepEqual(textsIn(buffer.take(vandal)), ['intact'])
})

test('a tuple can be set aside: the reader goes on behind it', (t) => {
  const buffer = new SourceBuffer()
  const reader = buffer.addReader(lossy)
  for (const text of ['1', 'poison', '3']) write(buffer, text)
  buffer.take(reader)
  buffer.rewind(reader)
  t.deepEqual(textsIn(buffer.take(reader, { single: true })), ['1'])
  buffer.acknowledge(reader)
  const killer = buffer.setAside(reader)
  t.deepEqual(killer === undefined ? [] : textsIn([killer]), ['poison'])
  t.deepEqual(textsIn(buffer.take(reader)), ['3'])
  buffer.acknowledge(reader)
  t.is(buffer.unread, 0)
})

test('nothing older than what is pending is promised, and no later tuple is older than the promise', (t) => {
  let now = 100
  const buffer = new SourceBuffer({ now: () => now })
  const reader = buffer.addReader(lossy)
  write(buffer, 'a')
  now = 200
  t.is(buffer.pendingSince(reader), 100)
  buffer.take(reader)
  t.is(buffer.pendingSince(reader), 200)
  now = 150
  write(buffer, 'b')
  t.is(tuplesIn(buffer.take(reader))[0]?.arrival, 200)
})

test('frames from a plugin source are taken in whole, checked, and wait for room in order', async (t) => {
  const origin = new SourceBuffer()
  for (let i = 0; i < 6; i++) write(origin, `p${i}`, { offset: i, metaReference: 9 })
  const [range] = origin.take(origin.addReader(lossy))
  if (range === undefined) return t.fail()
  const buffer = new SourceBuffer({ bufferLength: 4 })
  const reader = buffer.addReader(lossless)
  const intake = new FrameIntake(buffer)
  t.throws(() => intake.write(range.buffer, 7), { message: /does not hold 7 frames/ })
  const written = intake.write(range.buffer, 6)
  await Promise.resolve()
  const first = tuplesIn(buffer.take(reader))
  t.deepEqual(
    first.map(({ text, offset, metaReference }) => [text, offset, metaReference]),
    [
      ['p0', 0, 0],
      ['p1', 1, 0],
      ['p2', 2, 0],
      ['p3', 3, 0],
    ],
  )
  buffer.acknowledge(reader)
  await written
  t.deepEqual(textsIn(buffer.take(reader)), ['p4', 'p5'])
})

test('lengths that reach over the end of a chunk are found', (t) => {
  const chunk = new ArrayBuffer(40)
  const view = new DataView(chunk)
  view.setUint32(0, 24, true)
  t.true(isFramed(chunk, 1))
  view.setUint32(0, 0xffff_ffff, true)
  t.false(isFramed(chunk, 1))
  view.setUint32(0, 0, true)
  view.setUint32(4, 0b1000, true)
  view.setUint32(16, 0xffff_fff0, true)
  t.false(isFramed(chunk, 1))
  t.false(isFramed(new ArrayBuffer(8), 1))
})

function write(
  buffer: SourceBuffer,
  text: string,
  extra?: Parameters<SourceBuffer['write']>[3],
): boolean {
  const bytes = Buffer.from(text)
  return buffer.write(bytes, 0, bytes.length, extra)
}

function drop(buffer: SourceBuffer, text: string): void {
  const bytes = Buffer.from(text)
  if (!buffer.write(bytes, 0, bytes.length)) buffer.drop(bytes, 0, bytes.length)
}
