import { compare, median } from '#test/bench/reference/compare.mjs'
import { startPausableBlaster } from './rig/blaster.ts'
import { BenchHost, filterProjectSql } from './rig/host.ts'
import { report, spread } from './rig/print.ts'
import { idle, type RuleWindow, ruleWindow } from './rig/window.ts'

/*
 * What the small young generation of rule workers costs in throughput: the same rule on raw bytes with 2 MB, the
 * default here, and with 16 MB.
 */

const sides = await Promise.all(
  [2, 16].map(async (maxYoungGenerationSizeMb) => {
    const blaster = await startPausableBlaster()
    const host = new BenchHost({ maxYoungGenerationSizeMb })
    await host.deploy({ sql: filterProjectSql, props: { server: blaster.url, qos: 0 } })
    blaster.pause()
    await idle(host)
    const seen: RuleWindow[] = []
    const measure = async (ms: number) => {
      blaster.resume()
      const window = await ruleWindow(host, ms)
      blaster.pause()
      await idle(host)
      seen.push(window)
      return window
    }
    const close = async () => {
      await blaster.close()
      await host.close()
    }
    return { measure, seen, close }
  }),
)
const [small, large] = sides
if (small === undefined || large === undefined) throw new Error('two sides')
const options = { windows: Number(process.env.ROUNDS ?? 9), ms: 400, warmMs: 1500, print: false }
const rate = await compare('young generation', small, large, options)
for (const side of sides) await side.close()
const cost = (seen: RuleWindow[]) => seen.slice(1).map(({ mainUs, workerUs }) => mainUs + workerUs)
report(
  'rule with a young generation of 2 MB by one of 16 MB',
  `ratio ${(median(cost(large.seen)) / median(cost(small.seen))).toFixed(2)} in rows per CPU-second`,
  `µs per row ${spread(cost(small.seen))} by ${spread(cost(large.seen))}`,
  `rate ${rate.ratio.toFixed(2)} (${rate.low.toFixed(2)}–${rate.high.toFixed(2)})`,
)
