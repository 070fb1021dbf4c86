import test, { type ExecutionContext } from 'ava'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import { MqttSource } from '#host/cell/connectors/mqtt/source.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { ScriptedBroker } from '#test/fixtures/scripted-broker.ts'
import { readAll } from '#test/fixtures/spool.ts'

const [PUBACK, PUBREC, PUBCOMP] = [4, 5, 7]

/** A source over a spool; each call is another life of the host. */
async function life(broker: ScriptedBroker, folder: string, qos: number) {
  const spool = await Spool.open({ folder })
  const clock = new ArrivalClock(Date.now, spool.lastArrival)
  const buffer = new SourceBuffer({ firstSequence: spool.next, clock, metas: spool.metas })
  const writer = new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
  const source = new MqttSource()
  source.configure('a', { server: broker.url, qos })
  const { context } = connectorContext({ qos: 2, hostId: 'h1' })
  const before = broker.connections
  await source.open(context, writer, { done() {}, failed() {} })
  while (broker.connections === before) await new Promise((resolve) => setTimeout(resolve, 5))
  const texts = async () => (await readAll(spool, 1)).map(({ text }) => text)
  const close = async () => {
    await source.close()
    await spool.close()
  }
  return { source, texts, close, spool }
}

async function setUp(t: ExecutionContext) {
  const broker = await ScriptedBroker.start()
  t.teardown(() => broker.close())
  return { broker, folder: makeFolder(t) }
}

test('qos 2: what the broker sends again on another connection of the session is taken once', async (t) => {
  const { broker, folder } = await setUp(t)
  const { texts, close } = await life(broker, folder, 2)
  broker.isSessionKept = true
  broker.publish(7, 'one', { qos: 2 })
  t.true(await broker.hears(PUBREC, 7))
  await broker.breakConnection()
  broker.publish(7, 'one', { qos: 2, isRepeated: true })
  t.true(await broker.hears(PUBREC, 7, 2))
  broker.release(7)
  t.true(await broker.hears(PUBCOMP, 7))
  broker.publish(7, 'two', { qos: 2 })
  t.true(await broker.hears(PUBREC, 7, 3))
  t.deepEqual(await texts(), ['one', 'two'])
  await close()
})

test('qos 2: an id that was taken and not released is known in the next life of the host', async (t) => {
  const { broker, folder } = await setUp(t)
  const first = await life(broker, folder, 2)
  broker.isSessionKept = true
  broker.publish(7, 'one', { qos: 2 })
  broker.publish(8, 'two', { qos: 2 })
  t.true(await broker.hears(PUBREC, 8))
  broker.release(8)
  t.true(await broker.hears(PUBCOMP, 8))
  await first.close()
  const second = await life(broker, folder, 2)
  broker.publish(7, 'one', { qos: 2, isRepeated: true })
  t.true(await broker.hears(PUBREC, 7, 2))
  broker.release(7)
  t.true(await broker.hears(PUBCOMP, 7))
  // 8 was released, and is another message now, although it comes for the second time
  broker.publish(8, 'three', { qos: 2, isRepeated: true })
  t.true(await broker.hears(PUBREC, 8, 2))
  t.deepEqual(await second.texts(), ['one', 'two', 'three'])
  await second.close()
  const third = await life(broker, folder, 2)
  broker.release(8)
  t.true(await broker.hears(PUBCOMP, 8, 2))
  t.deepEqual([...third.spool.ledger.of(() => 0).keys()], [])
  await third.close()
})

test('qos 2: ids of a session that the broker has not kept are free', async (t) => {
  const { broker, folder } = await setUp(t)
  const first = await life(broker, folder, 2)
  broker.publish(7, 'one', { qos: 2 })
  t.true(await broker.hears(PUBREC, 7))
  await first.close()
  broker.isSessionKept = false
  const second = await life(broker, folder, 2)
  broker.publish(7, 'two', { qos: 2 })
  t.true(await broker.hears(PUBREC, 7, 2))
  t.deepEqual(await second.texts(), ['one', 'two'])
  await second.close()
})

test('qos 1: what is safe, and whose PUBACK was never written, is not taken again', async (t) => {
  const { broker, folder } = await setUp(t)
  const { texts, close, source, spool } = await life(broker, folder, 1)
  broker.isSessionKept = true
  // the group is on its way while the connection breaks
  const { append } = spool
  const broken = Promise.withResolvers<void>()
  spool.append = async (group) => {
    await append.call(spool, group)
    await broken.promise
  }
  broker.publish(3, 'one')
  while ((await texts()).length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  await broker.breakConnection()
  broken.resolve()
  broker.publish(3, 'one', { isRepeated: true })
  t.true(await broker.hears(PUBACK, 3))
  t.is(broker.heard.filter(({ type }) => type === PUBACK).length, 1)
  broker.publish(3, 'two')
  t.true(await broker.hears(PUBACK, 3, 2))
  t.deepEqual(await texts(), ['one', 'two'])
  t.deepEqual(source.figures(), { possible_duplicates_total: 0 })
  await close()
})

test('qos 1: what comes again after its PUBACK was written may be another message: it is taken and counted', async (t) => {
  const { broker, folder } = await setUp(t)
  const { texts, close, source } = await life(broker, folder, 1)
  broker.isSessionKept = true
  broker.publish(3, 'one')
  t.true(await broker.hears(PUBACK, 3))
  await broker.breakConnection()
  broker.publish(3, 'one', { isRepeated: true })
  t.true(await broker.hears(PUBACK, 3, 2))
  t.deepEqual(await texts(), ['one', 'one'])
  t.deepEqual(source.figures(), { possible_duplicates_total: 1 })
  await close()
})

test('a subscription at qos 0 says that it keeps nothing', (t) => {
  const source = new MqttSource()
  source.configure('a', { qos: 0 })
  t.regex(source.weakness() ?? '', /its subscription has qos 0/)
  source.configure('a', { qos: 1 })
  t.is(source.weakness(), undefined)
})
