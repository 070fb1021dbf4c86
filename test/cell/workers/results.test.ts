import test from 'ava'
import { readDelivered, readEmissions, readSnapshot } from '#host/cell/workers/results.ts'
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

test('what a worker says of payloads that it was handed is believed when it can be', (t) => {
  t.deepEqual(readDelivered({ done: 3 }, 3), { done: 3 })
  const failure = { code: 'retryable', message: 'not\nnow', more: 1 }
  t.deepEqual(readDelivered({ done: 2, failure }, 3), {
    done: 2,
    failure: { code: 'retryable', message: 'not now' },
  })
  t.deepEqual(readDelivered({ done: 0, failure: {} }, 1).failure, { code: 'failed', message: '' })
})

for (const answer of [
  undefined,
  {},
  { done: -1 },
  { done: 4 },
  { done: 3, failure: {} },
  { done: 1, failure: 'x' },
]) {
  test(`of three payloads that it was handed a worker cannot say ${JSON.stringify(answer)}`, (t) => {
    t.throws(() => readDelivered(answer, 3), { code: 'bad-call' })
  })
}

test('how many tuples behind an offset a checkpoint knows is a count, or one for each instance', (t) => {
  const snapshot = (skip: unknown) => ({
    state: new ArrayBuffer(8),
    seen: [{ sequence: 3, offset: 1, skip }],
    positions: [0],
    pauseMs: 0,
  })
  for (const skip of [2, [0, 2]]) {
    t.deepEqual(readSnapshot(snapshot(skip), 1, 1).seen, [{ sequence: 3, offset: 1, skip }])
  }
  for (const skip of [-1, 'x', [0, -1], [[0]]]) {
    t.throws(() => readSnapshot(snapshot(skip), 1, 1), { code: 'bad-call' }, String(skip))
  }
})
