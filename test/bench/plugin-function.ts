import { median } from '#test/bench/reference/compare.mjs'
import { startPausableBlaster } from './rig/blaster.ts'
import { BenchHost, filterProjectSql, plusPlugin } from './rig/host.ts'
import { report, spread } from './rig/print.ts'
import { idle, ruleWindow } from './rig/window.ts'

/*
 * The same rule with a plugin's function in it and with the built-in expression that does the same, both in a locked
 * worker: CPU of the worker per row that the function is called for.
 */

/** A plugin that is loaded and called for no row, so that both rules run in the same kind of worker. */
const builtIn = {
  sql: `${filterProjectSql} AND (temperature < 1000 OR fahrenheit(temperature) > 0)`,
  plugin: plusPlugin.plugin,
}

const rounds = Number(process.env.ROUNDS ?? 11)
const sides = await Promise.all(
  [plusPlugin, builtIn].map(async (rule) => {
    const blaster = await startPausableBlaster()
    const host = new BenchHost()
    await host.deploy({ ...rule, props: { server: blaster.url, qos: 0 } })
    blaster.pause()
    await idle(host)
    const measure = async (ms: number) => {
      blaster.resume()
      const before = await passed(host)
      const { workerUs, units } = await ruleWindow(host, ms)
      const share = ((await passed(host)) - before) / units
      blaster.pause()
      await idle(host)
      return { ns: (workerUs * 1000) / share, share }
    }
    const close = async () => {
      await blaster.close()
      await host.close()
    }
    return { measure, close }
  }),
)
for (const side of sides) await side.measure(1500)
const seen: number[][] = [[], []]
for (let round = 0; round < rounds; round++) {
  for (const number of round % 2 === 0 ? [0, 1] : [1, 0]) {
    seen[number]?.push((await sides[number]?.measure(400))?.ns ?? 0)
  }
}
for (const side of sides) await side.close()
const [plugin = [], own = []] = seen
const more = plugin.map((ns, i) => ns - (own[i] ?? 0))
report(
  'plugin function by the same built in, both in a locked worker',
  `ratio ${(median(plugin) / median(own)).toFixed(2)}`,
  `${spread(more, 0)} ns more per row (≤ 150)`,
  `ns per row that it is called for ${spread(plugin, 0)} by ${spread(own, 0)}`,
)

/** Rows that passed the filter. */
async function passed(host: BenchHost): Promise<number> {
  const { metrics } = await host.status()
  return Number(metrics.sink_nop_0_0_records_in_total)
}
