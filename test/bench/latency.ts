import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#test/bench/reference/compare.mjs'
import { startMosquitto } from '#test/fixtures/broker.ts'
import { BenchHost } from './rig/host.ts'
import { report, spread } from './rig/print.ts'
import { type CourseResult, startTraffic } from './rig/traffic.ts'

/*
 * MQTT → rule → MQTT over mosquitto at 1 000 and 10 000 messages per second, in turn with the same publisher → broker →
 * subscriber without us. Delays are taken by one clock, from the write of the publisher to the read of the subscriber.
 */

const rounds = Number(process.env.ROUNDS ?? 5)
const allowed = { 1000: { p50: 0.4, p99: 1 }, 10000: { p50: 0.4, p99: 4 } } as const

const broker = await startMosquitto()
if (broker === undefined) throw new Error('mosquitto is not installed')
const server = broker.url
const host = new BenchHost()
await host.deploy({
  sql: `SELECT deviceId, temperature * 1.8 + 32 AS f FROM demo WHERE temperature > 20 AND status = 'ok'`,
  datasource: 'bench/in',
  props: { server, qos: 0 },
  actions: [{ type: 'mqtt', props: { server, topic: 'bench/out', qos: 0, sendSingle: true } }],
})
const traffic = await startTraffic(broker.port)
await sleep(500)

for (const rate of [1000, 10_000] as const) {
  const times = { rate, warmMs: 1000, ms: 3000 }
  const ours: CourseResult[] = []
  const theirs: CourseResult[] = []
  for (let round = 0; round < rounds; round++) {
    theirs.push(await traffic.course({ to: 'bench/direct', from: 'bench/direct', ...times }))
    ours.push(await traffic.course({ to: 'bench/in', from: 'bench/out', ...times }))
  }
  for (const { sent, came, disorder } of [...ours, ...theirs]) {
    if (came !== sent || disorder > 0) {
      throw new Error(`${sent} were sent, ${came} came, ${disorder} out of order`)
    }
  }
  const more = (key: 'p50' | 'p99') => ours.map((run, i) => run[key] - (theirs[i]?.[key] ?? 0))
  const { p50, p99 } = allowed[rate]
  const good = ours.filter((_, i) => (more('p50')[i] ?? 0) <= p50 && (more('p99')[i] ?? 0) <= p99)
  const of = (runs: CourseResult[], key: 'p50' | 'p99') => spread(runs.map((run) => run[key]))
  report(
    `MQTT → rule → MQTT at ${rate}/s, ms more than without us`,
    `p50 ratio ${(
      quantile(
        ours.map((run) => run.p50),
        0.5,
      ) /
        quantile(
          theirs.map((run) => run.p50),
          0.5,
        )
    ).toFixed(2)}`,
    `p50 +${spread(more('p50'))} (≤ ${p50})`,
    `p99 +${spread(more('p99'))} (≤ ${p99})`,
    `${good.length} of ${rounds} runs within both`,
    `p50 ${of(ours, 'p50')} by ${of(theirs, 'p50')}`,
    `p99 ${of(ours, 'p99')} by ${of(theirs, 'p99')}`,
  )
}
await host.close()
await traffic.close()
await broker.close()
