import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import mqtt from 'mqtt'
import { type Broker, startAedes, startMosquitto } from '#test/fixtures/broker.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { HostProcess } from '#test/fixtures/host-process.ts'
import { until } from '#test/fixtures/until.ts'

const ROWS = 12_000

async function startRule(host: HostProcess, folder: string, broker: Broker): Promise<void> {
  await host.send('PUT', '/metadata/sources/mqtt/confKeys/here', { server: broker.url, qos: 1 })
  await host.send('POST', '/streams', {
    sql: 'CREATE STREAM numbers (n BIGINT) WITH (DATASOURCE="numbers", TYPE="mqtt", FORMAT="json", CONF_KEY="here")',
  })
  await host.send('POST', '/rules', {
    id: 'copy',
    sql: 'SELECT n FROM numbers',
    actions: [{ file: { path: join(folder, 'out.jsonl'), sendSingle: true } }],
    options: { qos: 1, checkpointInterval: '300ms' },
  })
}

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => Number(JSON.parse(line).n))
}

/** Resolves when the broker has taken all of them. */
async function publish(broker: Broker, isEnough: () => boolean): Promise<number> {
  const client = await mqtt.connectAsync(broker.url.replace('tcp:', 'mqtt:'))
  let n = 0
  while (n < ROWS && !isEnough()) {
    const burst = Array.from({ length: 60 }, () =>
      client.publishAsync('numbers', `{"n":${++n}}`, { qos: 1 }),
    )
    await Promise.all(burst)
    await sleep(20)
  }
  await client.endAsync()
  return n
}

for (const start of [startAedes, startMosquitto]) {
  const name = start === startAedes ? 'aedes' : 'mosquitto'
  // aedes sends what is new before what it kept for a client that was away
  const isOrdered = start === startMosquitto
  test.serial(
    `from ${name} at qos 1, every message arrives at least once${isOrdered ? ' and in order' : ''}, whenever the host is killed`,
    async (t) => {
      t.timeout(300_000)
      const broker = await start()
      if (broker === undefined) {
        t.log('left out: mosquitto is not installed here')
        t.pass()
        return
      }
      t.teardown(() => broker.close())
      const folder = makeFolder(t)
      const out = join(folder, 'out.jsonl')
      let host = await HostProcess.start(folder)
      t.teardown(() => host.kill())
      await startRule(host, folder, broker)
      const published = publish(broker, () => false)
      for (let kill = 1; kill <= 3; kill++) {
        const wanted = numbersIn(out).length + 900
        await until(`line ${wanted}`, () => numbersIn(out).length >= wanted)
        await host.kill()
        host = await HostProcess.start(folder)
      }
      const sent = await published
      await until('the last message', () => new Set(numbersIn(out)).size >= sent)
      const numbers = numbersIn(out)
      const inOrder = [...new Set(numbers)]
      if (!isOrdered) inOrder.sort((a, b) => a - b)
      const wrong = inOrder.findIndex((n, i) => n !== i + 1)
      t.is(wrong, -1, `${inOrder.slice(Math.max(0, wrong - 3), wrong + 5)} at ${wrong}`)
      t.is(inOrder.length, sent)
      t.log(`${numbers.length - sent} of ${sent} came twice`)
      // what was on its way to the broker's acknowledgement when the host died, and no more
      t.true(numbers.length - sent <= 3 * 1000)
      await host.send('DELETE', '/rules/copy')
      t.deepEqual(readdirSync(join(folder, 'data', 'spools')), [])
    },
  )
}
