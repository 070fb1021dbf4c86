import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RuleSpec } from '#host/cell/cell.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import { median } from '#test/bench/reference/compare.mjs'
import { bareWorkerMemory } from '#test/bench/reference/host.mjs'
import { sinks, sources } from '#test/fixtures/cell/connectors.ts'
import { numbersRule } from '#test/fixtures/cell/rules.ts'
import { planOf } from '#test/flow/rule.ts'

/*
 * How long a rule takes to start, cold and from a spare, and what an idle one costs in memory beside a bare worker.
 * `node test/bench/cell-start.ts`
 */

const ROUNDS = 8
const RULES = 30
const cacheFolder = path.join(tmpdir(), 'plutino-bench-cache')

function makeCell(): LocalCell {
  const environment = { commit: async () => {}, log: () => {} }
  return new LocalCell({ environment, connectors: { sources, sinks }, cacheFolder })
}

/** Silent: its source never writes. */
function idleRule(rule: string): RuleSpec {
  const spec = numbersRule({ rule, burst: 0, intervalMs: 1_000_000, sink: { path: '/dev/null' } })
  const plan = planOf('SELECT n FROM demo WHERE n > 1', { actions: [{ type: 'lines', props: {} }] })
  return { ...spec, plan }
}

async function startMs(cell: LocalCell, rule: string): Promise<number> {
  const start = performance.now()
  await cell.deploy(idleRule(rule))
  return performance.now() - start
}

const [cold, spare]: [number[], number[]] = [[], []]
for (let i = 0; i < ROUNDS; i++) {
  const cell = makeCell()
  cold.push(await startMs(cell, 'cold'))
  await sleep(600)
  spare.push(await startMs(cell, 'spare'))
  await cell.close()
}
console.log(
  `start of a rule: cold ${median(cold).toFixed(1)} ms, spare ${median(spare).toFixed(1)} ms`,
)

const cell = makeCell()
await cell.deploy(idleRule('first'))
await sleep(1000)
const before = process.memoryUsage.rss()
for (let i = 0; i < RULES; i++) await cell.deploy(idleRule(`rule ${i}`))
await sleep(1000)
const each = (process.memoryUsage.rss() - before) / RULES / 1e6
await cell.close()
const bare = await bareWorkerMemory(RULES)
console.log(
  `an idle rule: ${each.toFixed(1)} MB; a bare worker of Node's defaults: ${bare.toFixed(1)} MB`,
)
