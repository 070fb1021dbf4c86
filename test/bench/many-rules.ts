import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '#test/bench/reference/compare.mjs'
import { Delays } from './rig/delays.ts'
import { BenchHost } from './rig/host.ts'
import { report } from './rig/print.ts'
import { processUs } from './rig/window.ts'

/*
 * Many rules on one SHARED stream: 50 at 2 000 tuples per second and 300 at 500. CPU of the whole process with all its
 * workers, the delay from the source's write to the sink's, and that every rule saw every tuple.
 */

const warmSeconds = Number(process.env.WARM_SECONDS ?? 30)
const seconds = Number(process.env.SECONDS ?? 10)

const delays = new Delays()

for (const course of [
  { rules: 50, rate: 2000, p99: 40, cpu: '50' },
  { rules: 300, rate: 500, p99: 150, cpu: 'recorded' },
]) {
  await run(course)
}

async function run(course: { rules: number; rate: number; p99: number; cpu: string }) {
  const { rules, rate, p99, cpu } = course
  const host = new BenchHost({ sources: [delays.source], sinks: [delays.sink] })
  const before = process.memoryUsage.rss()
  const names = Array.from({ length: rules }, (_, i) => `rule${i}`)
  for (const [i, rule] of names.entries()) {
    await host.deploy({
      rule,
      sql: `SELECT t FROM demo WHERE temperature > 20 AND status = 'ok'`,
      type: 'fed',
      datasource: 'd',
      shared: true,
      // Every tenth rule is looked at: taking 100 000 delays a second would be the larger part of the load.
      actions: [
        i % 10 === 0
          ? { type: 'timed', props: { sendSingle: true } }
          : { type: 'nop', props: { sendSingle: true } },
      ],
    })
  }
  const memory = (process.memoryUsage.rss() - before) / 1e6
  const counts = () => Promise.all(names.map(async (rule) => rowsOf(await host.status(rule))))
  const first = await counts()
  await feed(rate, warmSeconds)
  delays.begin()
  const [used, at] = [processUs(), performance.now()]
  await feed(rate, seconds)
  const share = (processUs() - used) / 1000 / (performance.now() - at)
  const [p50, last] = [0.5, 0.99].map((q) => quantile(delays.taken, q).toFixed(1))
  await sleep(500)
  const expected = Math.floor(rate * warmSeconds) + Math.floor(rate * seconds)
  const seen = await counts()
  const missed = seen.map((rows, i) => expected - rows + (first[i] ?? 0))
  const sum = missed.reduce((all, one) => all + Math.abs(one), 0)
  await host.close()
  report(
    `${rules} rules on one shared stream at ${rate}/s after ${warmSeconds} s`,
    `ratio ${share.toFixed(2)} of one core (${cpu === 'recorded' ? cpu : `≤ ${cpu} %`})`,
    `delay p50 ${p50} ms`,
    `p99 ${last} ms (≤ ${p99})`,
    `missed ${sum}`,
    `${memory.toFixed(0)} MB`,
  )
}

/** Writes `rate` tuples per second, each with the moment of its writing. */
async function feed(rate: number, time: number): Promise<void> {
  const begin = performance.now()
  const total = Math.floor(rate * time)
  for (let sent = 0; sent < total; await sleep(1)) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) * rate) / 1000))
    for (; sent < due; sent++) {
      const row = `{"t":${performance.now()},"deviceId":"d","temperature":30,"humidity":4.25,"status":"ok","ts":1732060800000}`
      delays.write('d', row)
    }
    delays.ring('d')
  }
}

function rowsOf({ metrics }: { metrics: Readonly<Record<string, number | string>> }): number {
  return Number(metrics.sink_timed_0_0_records_in_total ?? metrics.sink_nop_0_0_records_in_total)
}
