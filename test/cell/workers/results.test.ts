import test from 'ava'
import { readEmissions } from '#host/cell/workers/results.ts'
import { ChunkWriter } from '#src/flow/encode/chunk-writer.ts'

test('emissions of every size that a worker makes are believed', (t) => {
  const writer = new ChunkWriter()
  for (const count of [1, 200, 500, 700, 3000]) {
    for (let i = 0; i < count; i++) writer.text(`{"n":${i},"text":"${'x'.repeat(60)}"}`, 1)
    let first = 1
    for (const chunk of writer.take()) {
      const emission = { action: 0, first, ...chunk }
      t.deepEqual(readEmissions([emission], 1), [emission])
      first += chunk.count
    }
    t.is(first, count + 1)
  }
})

test('an emission with a length that reaches over its buffer is an offence', (t) => {
  const writer = new ChunkWriter()
  writer.text('{"n":1}', 1)
  const [chunk] = writer.take()
  const buffer = chunk?.buffer ?? new ArrayBuffer(0)
  new DataView(buffer).setUint32(0, buffer.byteLength - 15, true)
  const emission = { action: 0, buffer, count: 1, first: 1 }
  const message = 'emission: its buffer does not hold its frames'
  t.throws(() => readEmissions([emission], 1), { message, code: 'bad-call' })
  t.throws(() => readEmissions([{ ...emission, count: 2 }], 1), { message })
})
