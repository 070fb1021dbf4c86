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

async function subscribed(topics: MemoryTopics, writer: RecordingWriter) {
  const source = new MemorySource(topics)
  source.configure('a/+', {})
  await source.open(connectorContext().context, writer)
  return source
}

async function opened(writer: RecordingWriter) {
  const topics = new MemoryTopics()
  const source = await subscribed(topics, writer)
  const sink = new MemorySink(topics)
  sink.configure({ topic: 'a/b' })
  await sink.open(connectorContext().context)
  return { source, sink, topics }
}

test('rows are acknowledged to who writes a topic when a subscriber with a spool has them safe', async (t) => {
  const writer = new DurableWriter()
  const { sink, source } = await opened(writer)
  let isDone = false
  const collected = Promise.resolve(sink.collect(payloadChunk(['1', '2']))).then(() => {
    isDone = true
  })
  await writer.has(2)
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
    await writer.has(rows)
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

test('who writes waits while a subscriber with a spool is away, and its successor gets what is left', async (t) => {
  const first = new DurableWriter()
  first.capacity = 1
  const { sink, source, topics } = await opened(first)
  let isDone = false
  const collected = Promise.resolve(sink.collect(payloadChunk(['1', '2']))).then(() => {
    isDone = true
  })
  const closed = source.close()
  while (first.waiting.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  for (const safe of first.waiting) safe()
  await closed
  const late = sink.collect(payloadChunk(['3']))
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.false(isDone)
  const second = new DurableWriter()
  const successor = await subscribed(topics, second)
  await second.has(2)
  while (second.waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  for (const safe of second.waiting) safe()
  await Promise.all([collected, late])
  t.deepEqual(first.texts, ['1'])
  t.deepEqual(second.texts, ['2', '3'])
  await successor.close()
})

test('nobody waits for a subscriber that is forgotten', async (t) => {
  const writer = new DurableWriter()
  const { sink, source } = await opened(writer)
  await source.close()
  const collected = sink.collect(payloadChunk(['1', '2']))
  await source.forget(connectorContext().context)
  await collected
  t.is(sink.collect(payloadChunk(['3'])), undefined)
  t.deepEqual(writer.texts, [])
})
