import mqtt from 'mqtt'
import { compare, median } from '#test/bench/reference/compare.mjs'
import { startRawMqtt, startSocketToWorker, type Window } from '#test/bench/reference/host.mjs'
import { startPausableBlaster } from './rig/blaster.ts'
import { BenchHost, filterProjectSql } from './rig/host.ts'
import { report, spread } from './rig/print.ts'
import { idle, type RuleWindow, ruleWindow } from './rig/window.ts'

/*
 * Raw MQTT bytes from a process that stands for a broker → rule → nop, beside the hand-written socket → worker pipeline
 * and a raw `mqtt` subscriber. CPU of the main thread and of the worker's, per row that went through.
 */

const rounds = Number(process.env.ROUNDS ?? 9)
const [ourBlaster, theirBlaster, rawBlaster] = await Promise.all([
  startPausableBlaster(),
  startPausableBlaster(),
  startPausableBlaster(),
])
rawBlaster.pause()
const host = new BenchHost()
await host.deploy({ sql: filterProjectSql, props: { server: ourBlaster.url, qos: 0 } })
ourBlaster.pause()
await idle(host)
const reference = await startSocketToWorker({ port: theirBlaster.port })

const seen = { ours: [] as RuleWindow[], theirs: [] as Window[] }
const ours = {
  measure: async (ms: number) => {
    ourBlaster.resume()
    const window = await ruleWindow(host, ms)
    ourBlaster.pause()
    await idle(host)
    seen.ours.push(window)
    return window
  },
}
const theirs = {
  measure: async (ms: number) => {
    const window = await reference.measure(ms)
    seen.theirs.push(window)
    return window
  },
}
const rate = await compare('rate', ours, theirs, {
  windows: rounds,
  ms: 400,
  warmMs: 1500,
  print: false,
})
await reference.close()
await theirBlaster.close()

rawBlaster.resume()
const raw = await startRawMqtt(mqtt, { url: rawBlaster.url.replace('tcp:', 'mqtt:') })
await raw.measure(1000)
const rawUs: number[] = []
for (let i = 0; i < rounds; i++) rawUs.push((await raw.measure(400)).mainUs)
await raw.close()
await rawBlaster.close()
await ourBlaster.close()
await host.close()

const warm = seen.ours.slice(1)
const ourUs = warm.map(({ mainUs, workerUs }) => mainUs + workerUs)
const theirUs = seen.theirs.slice(1).map(({ mainUs, workerUs = 0 }) => mainUs + workerUs)
const of = (key: keyof RuleWindow) => spread(warm.map((window) => window[key]))
report(
  'host from raw bytes, rows per CPU-second by the hand-written pipeline',
  `ratio ${spread(theirUs.map((us, i) => us / (ourUs[i] ?? Number.NaN)))} (≥ 0.6)`,
  `µs per row ${spread(ourUs)} = main ${of('mainUs')} + worker ${of('workerUs')}, theirs ${spread(theirUs)} = main ${spread(seen.theirs.slice(1).map(({ mainUs }) => mainUs))} + worker`,
  `rate ratio ${rate.ratio.toFixed(2)} (${rate.low.toFixed(2)}–${rate.high.toFixed(2)})`,
  `dropped ${((100 * sum(warm, 'dropped')) / (sum(warm, 'dropped') + sum(warm, 'units'))).toFixed(1)} %`,
)
report(
  'raw mqtt subscriber by ours, CPU per message',
  `ratio ${(median(rawUs) / median(ourUs)).toFixed(1)} (≥ 3)`,
  `by the whole process ${(median(rawUs) / median(warm.map(({ processUs }) => processUs))).toFixed(1)}`,
  `µs ${spread(rawUs)} by ${spread(ourUs)}`,
)

function sum(windows: readonly RuleWindow[], key: 'units' | 'dropped'): number {
  return windows.reduce((all, window) => all + window[key], 0)
}
