import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { connectAsync } from 'mqtt'
import { MqttSink } from '#host/cell/connectors/mqtt/sink.ts'
import { MqttSource } from '#host/cell/connectors/mqtt/source.ts'
import { type Broker, startAedes, startMosquitto } from '#test/fixtures/broker.ts'
import { connectorContext, payloadChunk } from '#test/fixtures/connector.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

const nowhere = { done: () => {}, failed: () => {} }

type Claim = (t: ExecutionContext, broker: Broker) => Promise<void>

/** The same promise, kept with the embedded broker and with a real one. */
function withBrokers(title: string, claim: Claim): void {
  for (const start of [startAedes, startMosquitto]) {
    test(`${title} (${start.name.replace('start', '').toLowerCase()})`, async (t) => {
      const broker = await start()
      if (broker === undefined) {
        t.log('mosquitto is not installed: skipped')
        return t.pass()
      }
      try {
        await claim(t, broker)
      } finally {
        await broker.close()
      }
    })
  }
}

async function openSource(
  broker: Broker,
  datasource: string,
  props: object,
  writer: RecordingWriter,
) {
  const source = new MqttSource()
  source.configure(datasource, { server: broker.url, ...props })
  const { context, statuses } = connectorContext()
  await source.open(context, writer, nowhere)
  while (!statuses.includes('connected')) await sleep(5)
  return { source, statuses }
}

withBrokers(
  'a source writes every message of its topics with topic, qos and message id',
  async (t, broker) => {
    const writer = new RecordingWriter()
    const { source } = await openSource(broker, 'demo/+/up, other/#', { qos: 1 }, writer)
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    await client.publishAsync('demo/a/up', '{"n":1}', { qos: 0 })
    await client.publishAsync('demo/a/down', '{"n":2}', { qos: 0 })
    await client.publishAsync('other/x/y', '{"n":3}', { qos: 1 })
    await writer.has(2)
    t.deepEqual(writer.texts, ['{"n":1}', '{"n":3}'])
    t.deepEqual(writer.tuples[0]?.meta, { topic: 'demo/a/up', qos: 0 })
    t.like(writer.tuples[1]?.meta, { topic: 'other/x/y', qos: 1 })
    t.is(typeof writer.tuples[1]?.meta.messageid, 'number')
    await client.endAsync()
    await source.close()
  },
)

for (const qos of [1, 2] as const) {
  withBrokers(
    `at qos ${qos} a full buffer withholds acknowledgements and loses nothing`,
    async (t, broker) => {
      const writer = new RecordingWriter(5)
      const { source } = await openSource(broker, 'q', { qos }, writer)
      const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
      const sent = Array.from({ length: 60 }, (_, i) => String(i))
      const published = (async () => {
        for (const text of sent) await client.publishAsync('q', text, { qos })
      })()
      await writer.has(5)
      await sleep(50)
      t.is(writer.tuples.length, 5)
      for (let i = 0; i < 11; i++) {
        writer.makeRoom(5)
        await writer.has(Math.min(60, writer.capacity))
      }
      await published
      t.deepEqual(writer.texts, sent)
      t.deepEqual(writer.dropped, [])
      await client.endAsync()
      await source.close()
    },
  )
}

test('at qos 0 what finds no room is handed to the drop policy', async (t) => {
  const broker = await startAedes()
  const writer = new RecordingWriter(2)
  const { source } = await openSource(broker, 'q', { qos: 0 }, writer)
  const client = await connectAsync(broker.url.replace('tcp', 'mqtt'))
  for (const text of ['1', '2', '3', '4']) await client.publishAsync('q', text)
  while (writer.dropped.length < 2) await sleep(5)
  t.deepEqual(writer.texts, ['1', '2'])
  t.deepEqual(writer.dropped, ['3', '4'])
  await client.endAsync()
  await source.close()
  await broker.close()
})

withBrokers('a broker that goes away and comes back is subscribed to again', async (t, first) => {
  const broker = await startAedes()
  const writer = new RecordingWriter()
  const { source, statuses } = await openSource(broker, 'q', {}, writer)
  await broker.close()
  while (!statuses.at(-1)?.startsWith('disconnected')) await sleep(5)
  t.regex(statuses.at(-1) ?? '', /^disconnected: broker tcp:\/\/127\.0\.0\.1:\d+: /)
  const again = await startAedes(broker.port)
  while (statuses.at(-1) !== 'connected') await sleep(5)
  const client = await connectAsync(again.url.replace('tcp', 'mqtt'))
  await client.publishAsync('q', 'back')
  await writer.has(1)
  t.deepEqual(writer.texts, ['back'])
  t.truthy(first.port)
  await client.endAsync()
  await source.close()
  await again.close()
})

test('a broker that is down when the rule starts is a status, not an error', async (t) => {
  const source = new MqttSource()
  source.configure('q', { server: 'tcp://127.0.0.1:1' })
  const { context, statuses } = connectorContext()
  await source.open(context, new RecordingWriter(), nowhere)
  t.regex(statuses.at(-1) ?? '', /^disconnected: broker tcp:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/)
  await source.close()
})

for (const qos of [0, 1, 2] as const) {
  withBrokers(`a sink publishes every payload in order at qos ${qos}`, async (t, broker) => {
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`)
    const seen: string[] = []
    client.on('message', (_topic, payload) => seen.push(payload.toString()))
    await client.subscribeAsync('out/rows', { qos })
    const sink = new MqttSink()
    sink.configure({ server: broker.url, topic: 'out/rows', qos })
    const { context, statuses } = connectorContext()
    await sink.open(context)
    if (!statuses.includes('connected')) await once(process, 'never')
    const sent = Array.from({ length: 200 }, (_, i) => `{"row":${i},"text":"${'x'.repeat(i)}"}`)
    await sink.collect(payloadChunk(sent.slice(0, 100), 1))
    await sink.collect(payloadChunk(sent.slice(100), 101))
    while (seen.length < 200) await sleep(5)
    t.deepEqual(seen, sent)
    await sink.close()
    await client.endAsync()
  })
}

test('a sink without a connection asks for the rows again', async (t) => {
  const sink = new MqttSink()
  sink.configure({ server: 'tcp://127.0.0.1:1', topic: 'out' })
  await sink.open(connectorContext().context)
  const error = await t.throwsAsync(sink.collect(payloadChunk(['x'])))
  t.like(error, {
    code: 'not-connected',
    message: 'sink "mqtt": broker tcp://127.0.0.1:1 is not connected',
  })
  await sink.close()
})

test('what is wrong with the properties is said before connecting', (t) => {
  const refuse = (props: object, datasource = 'q') =>
    t.throws(() => new MqttSource().configure(datasource, { ...props }))?.message
  t.is(
    refuse({ server: 'http://x' }),
    'source "mqtt": property "server" must look like tcp://host:1883 or ssl://host:8883, not "http://x"',
  )
  t.is(
    refuse({ qos: 3 }),
    'source "mqtt": property "qos" must be a whole number from 0 to 2, not 3',
  )
  t.is(
    refuse({ protocolVersion: '3.1.2' }),
    'source "mqtt": property "protocolVersion" must be one of 3.1, 3.1.1, 5, not "3.1.2"; did you mean "3.1.1"?',
  )
  t.is(
    refuse({}, 'a/#/b'),
    'source "mqtt": property "DATASOURCE" holds "a/#/b", which is no MQTT topic filter',
  )
  t.is(
    t.throws(() => new MqttSink().configure({ server: 'tcp://x' }))?.message,
    'sink "mqtt": property "topic" is missing; set it in the action or in its configuration',
  )
})
