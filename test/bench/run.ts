import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Runs benchmarks in turn, each in a process of its own: `npm run bench`, `npm run bench -- latency memory`. */
const benchmarks = [
  'engine',
  'decode',
  'encode',
  'windows',
  'source-buffer',
  'buffer',
  'host-blaster',
  'mosquitto',
  'latency',
  'plugin-function',
  'plugin-buffer',
  'rule-start',
  'server-ready',
  'cell-start',
  'memory',
  'young-generation',
  'many-rules',
] as const

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !benchmarks.some((known) => known === name))
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}; there are ${benchmarks.join(', ')}`)
  process.exitCode = 1
} else {
  const processors = cpus()
  const { version, arch, platform } = process
  const machine = `${processors.length} x ${processors[0]?.model ?? 'unknown'}`
  console.log(`${new Date().toISOString()}, ${machine}, Node ${version}, ${platform} ${arch}`)
  for (const name of benchmarks) {
    if (asked.length > 0 && !asked.includes(name)) continue
    const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
    const child = spawn(process.execPath, [file], { stdio: 'inherit' })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code === 0) continue
    console.error(`${name}: failed with code ${code}`)
    process.exitCode = 1
  }
}
