import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { MqttTap } from '#host/cell/connectors/mqtt/tap.ts'
import { median } from '#test/bench/reference/compare.mjs'
import type { Window } from '#test/bench/reference/host.mjs'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { BenchHost, filterProjectSql } from './rig/host.ts'
import { ratios, report, spread } from './rig/print.ts'
import { startTraffic } from './rig/traffic.ts'
import { type RuleWindow, ruleWindow } from './rig/window.ts'

/*
 * Through mosquitto at qos 0, as fast as it gives → rule → nop, and in turn a raw `mqtt` subscriber on the same broker.
 * CPU of the whole process per message. Afterwards every PUBLISH packet that was read is in records_in or in the drops.
 */

const rounds = Number(process.env.ROUNDS ?? 5)
const broker = await startMosquitto()
if (broker === undefined) throw new Error('mosquitto is not installed')
const traffic = await startTraffic(broker.port)
traffic.flood('demo/sensors')

/** What all taps of this process have read. */
let publishes = 0
const taps = new Set<MqttTap>()
const destroy = MqttTap.prototype._destroy
MqttTap.prototype._destroy = function (this: MqttTap, ...args) {
  taps.add(this)
  destroy.apply(this, args)
}

const host = new BenchHost()
const ours: RuleWindow[] = []
const raw: Window[] = []
let [came, dropped] = [0, 0]
for (let round = 0; round <= rounds; round++) {
  const rule = `rule${round}`
  await host.deploy({ rule, sql: filterProjectSql, props: { server: broker.url, qos: 0 } })
  await sleep(1000)
  const window = await ruleWindow(host, 1200, rule)
  await host.stop(rule)
  const { metrics } = await host.status(rule)
  came += Number(metrics.source_demo_0_records_in_total)
  dropped += Number(metrics.source_demo_0_dropped_total)
  const child = fork(new URL('rig/raw-subscriber.ts', import.meta.url), [
    broker.url.replace('tcp:', 'mqtt:'),
    '1000',
    '1200',
  ])
  const [their] = (await once(child, 'message')) as [Window]
  await once(child, 'exit')
  if (round === 0) continue
  ours.push(window)
  raw.push(their)
}
for (const tap of taps) publishes += tap.publishes
if (publishes !== came + dropped || came === 0) {
  throw new Error(`${publishes} packets were read, ${came} are in records_in, ${dropped} dropped`)
}
await traffic.stop()
await host.close()
await traffic.close()
await broker.close()

const ourUs = ours.map(({ processUs }) => processUs)
const rawUs = raw.map(({ mainUs }) => mainUs)
report(
  'mosquitto qos 0, CPU per message by a raw mqtt subscriber',
  `ratio ${spread(ratios(ourUs, rawUs))} (≤ 1.6)`,
  `µs ${spread(ourUs)} (main ${spread(ours.map(({ mainUs }) => mainUs))}, worker ${spread(ours.map(({ workerUs }) => workerUs))}) by ${spread(rawUs)}`,
  `messages/ms ${median(ours.map(({ units, ms }) => units / ms)).toFixed(0)} by ${median(raw.map(({ units, ms }) => units / ms)).toFixed(0)}`,
  `${publishes} packets read = ${came} in + ${dropped} dropped`,
)
