import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { MqttSource } from '#host/cell/connectors/mqtt/source.ts'
import { Connection } from '#host/cell/rule/connection.ts'
import { startAedes } from '#test/fixtures/broker.ts'
import { connectorContext } from '#test/fixtures/connector.ts'
import { RecordingWriter } from '#test/fixtures/recording-writer.ts'

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 9000 && !holds(); i++) await sleep(10)
}

test('a broker that is down is one line in the log, and another when it is back', async (t) => {
  const first = await startAedes()
  const { port, url } = first
  await first.close()
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => warnings.push(text) }
  const connection = new Connection({ name: 'stream "demo"', logger })
  let attempts = 0
  const { context } = connectorContext({
    connection: (status, message) => {
      if (status === 'connecting') attempts++
      connection.set(status, message)
    },
  })
  const source = new MqttSource()
  source.configure('a', { server: url, qos: 0, maxReconnectDelay: 50 })
  await source.open(context, new RecordingWriter(), { done() {}, failed() {} })
  // with the default, or with the growing waits of 30 s, this would take far longer than the test may
  await until(() => attempts >= 20)
  t.true(attempts >= 20)
  t.is(warnings.length, 1)
  t.regex(
    warnings[0] ?? '',
    /^stream "demo" has no connection, and tries again until it has: broker tcp:\/\/127\.0\.0\.1:\d+: .+/,
  )
  const second = await startAedes(port)
  await until(() => connection.isConnected)
  t.regex(warnings[1] ?? '', /^stream "demo" is connected again after \d+ s$/)
  await source.close()
  await second.close()
  t.is(warnings.length, 2)
})
