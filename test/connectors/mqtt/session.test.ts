import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import mqtt from 'mqtt'
import { MqttSource } from '#host/cell/connectors/mqtt/source.ts'
import { startAedes, startMosquitto } from '#test/fixtures/broker.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

class DurableWriter extends RecordingWriter {
  waiting: (() => void)[] = []
  isSafe = true

  whenDurable(listener: () => void): void {
    if (this.isSafe) listener()
    else this.waiting.push(listener)
  }
}

async function opened(url: string, writer: RecordingWriter, props: Record<string, unknown> = {}) {
  const source = new MqttSource()
  source.configure('a', { server: url, qos: 1, ...props })
  const { context, statuses } = connectorContext({ qos: 1, hostId: 'h1' })
  await source.open(context, writer, { done() {}, failed() {} })
  while (!statuses.includes('connected')) await sleep(5)
  return { source, context }
}

for (const start of [startAedes, startMosquitto]) {
  const name = start === startAedes ? 'aedes' : 'mosquitto'
  for (const protocolVersion of name === 'aedes' ? ['3.1.1'] : ['3.1.1', '5']) {
    test(`${name}, MQTT ${protocolVersion}: what comes while nobody is here comes later, until the rule is dropped`, async (t) => {
      const broker = await start()
      if (broker === undefined) {
        t.log('left out: mosquitto is not installed here')
        t.pass()
        return
      }
      t.teardown(() => broker.close())
      const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
      t.teardown(() => client.endAsync())
      const props = { protocolVersion }
      const first = await opened(broker.url, new DurableWriter(), props)
      await first.source.close()
      await client.publishAsync('a', '1', { qos: 1 })
      await client.publishAsync('a', '2', { qos: 1 })
      const writer = new DurableWriter()
      const second = await opened(broker.url, writer, props)
      await writer.has(2)
      t.deepEqual(writer.texts, ['1', '2'])
      await second.source.close()
      await second.source.forget(second.context)
      await client.publishAsync('a', '3', { qos: 1 })
      const third = new DurableWriter()
      const last = await opened(broker.url, third, props)
      await client.publishAsync('a', '4', { qos: 1 })
      await third.has(1)
      t.deepEqual(third.texts, ['4'])
      await last.source.close()
    })
  }

  test(`${name}: a message is acknowledged when it is safe, and comes again when it was not`, async (t) => {
    const broker = await start()
    if (broker === undefined) {
      t.log('left out: mosquitto is not installed here')
      t.pass()
      return
    }
    t.teardown(() => broker.close())
    const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
    t.teardown(() => client.endAsync())
    const writer = new DurableWriter()
    const first = await opened(broker.url, writer)
    await client.publishAsync('a', 'safe', { qos: 1 })
    await writer.has(1)
    await sleep(20)
    writer.isSafe = false
    await client.publishAsync('a', 'lost', { qos: 1 })
    await writer.has(2)
    await first.source.close()
    const again = new DurableWriter()
    const second = await opened(broker.url, again)
    await again.has(1)
    await sleep(50)
    t.deepEqual(again.texts, ['lost'])
    await second.source.close()
  })
}
