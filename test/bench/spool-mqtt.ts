import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrivalClock } from '#host/cell/buffer/arrival-clock.ts'
import { SourceBuffer } from '#host/cell/buffer/source-buffer.ts'
import type { SourceWriter } from '#host/cell/connectors/connector.ts'
import { MqttSource } from '#host/cell/connectors/mqtt/source.ts'
import { Spool } from '#host/cell/spool/spool.ts'
import { SpoolWriter } from '#host/cell/spool/spool-writer.ts'
import { median } from '#test/bench/reference/compare.mjs'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { connectorContext } from '#test/fixtures/connector.ts'

/*
 * An MQTT source at qos 1 with a spool against the same one without: messages a second through mosquitto, in turn, each
 * message read. `node test/bench/spool-mqtt.ts`
 */
const COUNT = 60_000
const rounds = Number(process.env.ROUNDS ?? 7)
const broker = await startMosquitto()
if (broker === undefined) throw new Error('mosquitto is not installed')
const folder = await mkdtemp(join(tmpdir(), 'plutino-spool-'))
let life = 0

async function measure(isSpooled: boolean): Promise<number> {
  const source = new MqttSource()
  source.configure('numbers', { server: broker?.url, qos: 1 })
  const spool = isSpooled ? await Spool.open({ folder: join(folder, `${life++}`) }) : undefined
  const clock = new ArrivalClock(Date.now)
  let [seen, start] = [0, 0]
  const done = Promise.withResolvers<void>()
  const buffer: SourceBuffer = new SourceBuffer({
    clock,
    metas: spool?.metas,
    onRing: () => {
      if (start === 0) start = performance.now()
      for (let ranges = buffer.take(reader); ranges.length > 0; ranges = buffer.take(reader)) {
        for (const { count } of ranges) seen += count
        buffer.acknowledge(reader)
      }
      if (seen >= COUNT) done.resolve()
    },
  })
  const reader = buffer.addReader({ isLossless: false })
  const writer: SourceWriter = spool
    ? new SpoolWriter({ spool, buffer, clock, onSafe: () => {} })
    : buffer
  const { context } = connectorContext({ qos: 1, hostId: `bench${life}` })
  await source.open(context, writer, { done() {}, failed() {} })
  await new Promise((resolve) => setTimeout(resolve, 300))
  const publisher = fork(new URL('rig/qos1-publisher.ts', import.meta.url), [
    `${broker?.port}`,
    `${COUNT}`,
  ])
  await done.promise
  const ms = performance.now() - start
  if (publisher.exitCode === null) await once(publisher, 'exit')
  await source.close()
  await source.forget(context)
  await spool?.remove()
  return COUNT / ms
}

const ratios: number[] = []
for (let round = 0; round <= rounds; round++) {
  const order = round % 2 === 0
  const first = await measure(order)
  const second = await measure(!order)
  const [withSpool, without] = order ? [first, second] : [second, first]
  if (round > 0) ratios.push(withSpool / without)
  console.log(
    `round ${round}: ${withSpool.toFixed(1)} k/s with a spool, ${without.toFixed(1)} k/s without`,
  )
}
console.log(`MQTT qos 1 with a spool against without: ratio ${median(ratios).toFixed(2)}`)
await broker.close()
await rm(folder, { recursive: true, force: true })
