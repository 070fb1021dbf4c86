import test from 'ava'
import { MemorySink } from '#host/cell/connectors/memory/sink.ts'
import { MemorySource } from '#host/cell/connectors/memory/source.ts'
import { MemoryTopics } from '#host/cell/connectors/memory/topics.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

class DurableWriter extends RecordingWriter {
  readonly waiting: (() => void)[] = []

  whenDurable(listener: () => void): void {
    this.waiting.push(listener)
  }
}

async function opened(writer: RecordingWriter) {
  const topics = new MemoryTopics()
  const source = new MemorySource(topics)
  source.configure('a/+', {})
  await source.open(connectorContext().context, writer)
  const sink = new MemorySink(topics)
  sink.configure({ topic: 'a/b' })
  await sink.open(connectorContext().context)
  return { source, sink }
}

test('rows are acknowledged to who writes a topic when a subscriber with a spool has them safe', async (t) => {
  const writer = new DurableWriter()
  const { sink, source } = await opened(writer)
  let isDone = false
  const collected = Promise.resolve(sink.collect(payloadChunk(['1', '2']))).then(() => {
    isDone = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.false(isDone)
  t.deepEqual(writer.texts, ['1', '2'])
  for (const safe of writer.waiting) safe()
  await collected
  t.true(isDone)
  await source.close()
})

test('a subscriber with a spool that is full pushes back: nothing is dropped, the order is kept', async (t) => {
  const writer = new DurableWriter()
  writer.capacity = 2
  const { sink, source } = await opened(writer)
  const collected = sink.collect(payloadChunk(['1', '2', '3', '4', '5']))
  for (const rows of [2, 3, 5]) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    t.is(writer.texts.length, rows)
    writer.makeRoom(rows === 2 ? 1 : 2)
  }
  for (const safe of writer.waiting) safe()
  await collected
  t.deepEqual(writer.texts, ['1', '2', '3', '4', '5'])
  t.deepEqual(writer.dropped, [])
  await source.close()
})

test('nobody waits for a subscriber that is gone', async (t) => {
  const writer = new DurableWriter()
  writer.capacity = 1
  const { sink, source } = await opened(writer)
  const collected = sink.collect(payloadChunk(['1', '2']))
  await source.close()
  await collected
  t.deepEqual(writer.texts, ['1'])
})
