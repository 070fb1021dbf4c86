import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bareWorkerMemory } from '#test/bench/reference/host.mjs'
import { BenchHost, filterProjectSql, plusPlugin } from './rig/host.ts'
import { report } from './rig/print.ts'

/*
 * Resident memory that an idle rule costs, by 100 rules each in a process of its own; built-ins only, and with a
 * sandboxed plugin; with the young generation as it is by default here, and as V8 has it. What the small one costs in
 * throughput is in `young-generation.ts`.
 */

const RULES = 100
const variants = {
  builtIn: { rule: { sql: filterProjectSql }, allowed: 8, name: 'built-ins only' },
  plugin: { rule: plusPlugin, allowed: 14, name: 'with a sandboxed plugin' },
} as const
type Variant = keyof typeof variants

const [variant, young] = process.argv.slice(2)
if (variant === undefined) await all()
else process.send?.(await measure(variant as Variant | 'bare', Number(young)))

async function all(): Promise<void> {
  const bare = await inProcess('bare', 0)
  for (const [key, { name, allowed }] of Object.entries(variants)) {
    const small = await inProcess(key, 2)
    const large = await inProcess(key, 16)
    report(
      `memory per idle rule of ${RULES}, ${name}`,
      `ratio ${(small / bare).toFixed(2)} by a bare worker`,
      `${small.toFixed(1)} MB (≤ ${allowed})`,
      `${large.toFixed(1)} MB with a young generation of 16 MB`,
      `bare worker ${bare.toFixed(1)} MB`,
    )
  }
}

async function inProcess(what: string, youngMb: number): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), [what, String(youngMb)])
  const [megabytes] = (await once(child, 'message')) as [number]
  child.kill()
  return megabytes
}

async function measure(what: Variant | 'bare', youngMb: number): Promise<number> {
  if (what === 'bare') return bareWorkerMemory(50)
  const host = new BenchHost({ maxYoungGenerationSizeMb: youngMb })
  const { rule } = variants[what]
  const deploy = (name: string) =>
    host.deploy({ rule: name, type: 'memory', datasource: 'topic', ...rule })
  await deploy('first')
  await sleep(1500) // its spare has booted: one more than there are rules, before and after
  const before = process.memoryUsage.rss()
  for (let i = 0; i < RULES; i++) await deploy(`rule${i}`)
  await sleep(5000) // idle: what booting left was collected
  return (process.memoryUsage.rss() - before) / RULES / 1e6
}
