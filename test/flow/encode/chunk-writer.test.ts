import { Buffer } from 'node:buffer'
import test from 'ava'
import { ChunkWriter } from '#src/flow/encode/chunk-writer.ts'
import { seeded } from '#test/flow/decode/documents.ts'
import { framesOf } from './payloads.ts'

const CHUNK_BYTES = 65_536

test('every payload comes out as it went in, with its time, whatever its length and characters', (t) => {
  const below = seeded(3)
  const texts = ['a', 'é', '温', '🌡', 'plain ascii ', '\0']
  for (let round = 0; round < 60; round++) {
    const writer = new ChunkWriter()
    const wide = below(4)
    const written: { payload: Buffer; time: number }[] = []
    for (let i = 0; i < 300; i++) {
      const text = texts[wide === 0 ? below(texts.length) : 4] as string
      const payload = text.repeat(below(below(60) === 0 ? 8_000 : 12))
      written.push({ payload: Buffer.from(payload), time: round * 1000 + i / 2 })
      if (below(20) === 0) writer.bytes(Buffer.from(payload), round * 1000 + i / 2)
      else writer.text(payload, round * 1000 + i / 2)
    }
    const frames = framesOf(writer.take())
    t.is(frames.length, written.length)
    const wrong = frames.findIndex(({ payload, time }, i) => {
      return time !== written[i]?.time || !payload.equals(written[i].payload)
    })
    t.is(wrong, -1)
    t.true(frames.every(({ flags }) => flags === 0))
  }
})

test('a text whose length in bytes is that of the room left is not cut', (t) => {
  const writer = new ChunkWriter()
  for (let used = 0; used < 40; used++) {
    writer.text('x'.repeat(CHUNK_BYTES - 16 - 16 - used), 1)
    writer.text('é'.repeat(8), 2)
    const texts = framesOf(writer.take()).map(({ payload }) => payload.toString())
    t.deepEqual(texts, ['x'.repeat(CHUNK_BYTES - 32 - used), 'é'.repeat(8)])
  }
})

test('chunks are 64 KiB, a payload beyond that has a chunk of its size', (t) => {
  const writer = new ChunkWriter()
  for (let i = 0; i < 2000; i++) writer.text('x'.repeat(100), i)
  writer.text('y'.repeat(1_000_000), 2000)
  writer.text('z', 2001)
  const chunks = writer.take()
  const sizes = chunks.map(({ buffer }) => buffer.byteLength)
  t.deepEqual(
    sizes.filter((size) => size > CHUNK_BYTES),
    [1_000_016],
  )
  t.is(
    chunks.reduce((sum, { count }) => sum + count, 0),
    2002,
  )
  t.is(framesOf(chunks).at(-1)?.payload.toString(), 'z')
})

test('a chunk that was taken is the caller’s: later payloads do not change it', (t) => {
  const writer = new ChunkWriter()
  writer.text('first', 1)
  const taken = writer.take()
  writer.text('other', 2)
  writer.take()
  t.is(framesOf(taken)[0]?.payload.toString(), 'first')
  t.is(taken[0]?.buffer.byteLength, 16 + 5)
  for (let i = 0; i < 500; i++) writer.text('x'.repeat(100), i)
  const transferred = writer
    .take()
    .map(({ buffer }) => structuredClone(buffer, { transfer: [buffer] }))
  writer.text('after', 3)
  t.is(transferred.length, 1)
  t.is(framesOf(writer.take())[0]?.payload.toString(), 'after')
})

test('nothing written is no chunk', (t) => {
  const writer = new ChunkWriter()
  t.true(writer.isEmpty)
  t.deepEqual(writer.take(), [])
  writer.text('', 1)
  t.false(writer.isEmpty)
  t.is(framesOf(writer.take())[0]?.payload.length, 0)
  t.true(writer.isEmpty)
})
