import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Runs benchmarks in turn, each in a process of its own: `npm run bench`, `npm run bench -- latency memory`. */
const benchmarks = [
  'engine',
  'decode',
  'encode',
  // Each in a process of its own, as each rule has a worker of its own.
  'windows hopping',
  'windows sliding',
  'windows session',
  'join join',
  'join analytic',
  'join expressions',
  'source-buffer',
  'buffer',
  'host-blaster',
  'spool',
  'snapshot',
  'checkpoint',
  'recovery',
  'object-source',
  'object-store',
  'object-rule jsonl',
  'object-rule avro',
  'object-rule parquet',
  'object-rule small',
  'sink-cache',
  'mosquitto',
  'latency',
  'plugin-function',
  'plugin-buffer',
  'sockets',
  'rule-start',
  'server-ready',
  'cell-start',
  'memory',
  'young-generation',
  'neighbours',
  'many-rules',
] as const

/** None takes so long; one that does is ended, and the next one has its turn. */
const LONGEST_MS = 300_000

const asked = process.argv.slice(2)
const isAsked = (name: string, known: string) => known === name || known.startsWith(`${name} `)
const unknown = asked.filter((name) => !benchmarks.some((known) => isAsked(name, known)))
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}; there are ${benchmarks.join(', ')}`)
  process.exitCode = 1
} else {
  const processors = cpus()
  const { version, arch, platform } = process
  const machine = `${processors.length} x ${processors[0]?.model ?? 'unknown'}`
  console.log(`${new Date().toISOString()}, ${machine}, Node ${version}, ${platform} ${arch}`)
  for (const name of benchmarks) {
    if (asked.length > 0 && !asked.some((own) => isAsked(own, name))) continue
    const [script, ...args] = name.split(' ')
    const file = fileURLToPath(new URL(`${script}.ts`, import.meta.url))
    console.log(`\n${name}`)
    const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' })
    const tooLong = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    clearTimeout(tooLong)
    if (code === 0) continue
    console.error(`${name}: failed with ${code === null ? signal : `code ${code}`}`)
    process.exitCode = 1
  }
}
