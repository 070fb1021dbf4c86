import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median } from '#test/bench/reference/compare.mjs'
import { freePort } from '#test/fixtures/ports.ts'
import { report, spread } from './rig/print.ts'

/*
 * From the start of `node host/main.ts`, which is what `npm start` runs, to the first answer of its API, with an empty
 * data folder. Beside it a Node process that only says that it is there.
 */

const rounds = Number(process.env.ROUNDS ?? 9)
const main = fileURLToPath(new URL('../../host/main.ts', import.meta.url))
const ready: number[] = []
const bare: number[] = []
for (let round = 0; round <= rounds; round++) {
  const bareMs = await bareNode()
  const readyMs = await server()
  // the first fills the disk's cache
  if (round === 0) continue
  bare.push(bareMs)
  ready.push(readyMs)
}
report(
  'server ready, s from its start to its first answer',
  `ratio ${(median(ready) / median(bare)).toFixed(1)} by the start of a bare node`,
  `${spread(ready.map((ms) => ms / 1000))} (≤ 0.8)`,
  `bare ${spread(bare.map((ms) => ms / 1000))}`,
)

async function server(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'plutino-bench-'))
  const port = await freePort()
  const at = performance.now()
  const args = ['--port', String(port), '--data', join(folder, 'data')]
  const child = spawn(process.execPath, [main, ...args], {
    stdio: 'ignore',
    env: { ...process.env, PLUTINO__BASIC__FILELOG: 'false' },
  })
  const exit = once(child, 'exit')
  let hasEnded = false
  void exit.then(() => (hasEnded = true))
  for (;;) {
    if (hasEnded) throw new Error('the server ended before it was ready')
    const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined)
    if (answer?.ok === true) break
    await sleep(5)
  }
  const ms = performance.now() - at
  child.kill()
  await exit
  await rm(folder, { recursive: true, force: true })
  return ms
}

async function bareNode(): Promise<number> {
  const at = performance.now()
  const child = spawn(process.execPath, ['-e', 'console.log(1)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  const ms = performance.now() - at
  await once(child, 'exit')
  return ms
}
