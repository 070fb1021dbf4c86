import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'

const demo = fileURLToPath(new URL('../../host/demo/demo.ts', import.meta.url))
const ESCAPE = '\x1b'

interface Demo {
  readonly pid: number
  readonly finished: Promise<{ code: number | null; said: string }>
  said(): string
}

/** In a process group of its own, as a terminal starts it, with its temporary folders in `folder`. */
function start(folder: string): Demo {
  const child = spawn(process.execPath, [demo], {
    detached: true,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      said += text
    })
  }
  const finished = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, said }))
  })
  return { pid: child.pid ?? 0, finished, said: () => said }
}

function temporary(t: ExecutionContext): string {
  const folder = join(makeFolder(t), 'tmp')
  mkdirSync(folder)
  return folder
}

function isThere({ pid }: Demo): boolean {
  try {
    process.kill(-pid, 0)
    return true
  } catch {
    return false
  }
}

/** Nobody of the group is left, soon: a child of it ends when its pipe is closed. */
async function isGone(running: Demo): Promise<boolean> {
  for (let i = 0; i < 3000 && isThere(running); i++) await sleep(10)
  return !isThere(running)
}

test('two demos at once end by themselves with 0, plainly where there is no terminal, and leave nothing', async (t) => {
  t.timeout(240_000)
  const folder = temporary(t)
  const demos = [start(folder), start(folder)]
  t.teardown(() => {
    for (const each of demos) end(each)
  })
  for (const each of demos) {
    const { code, said } = await each.finished
    t.is(code, 0, said)
    t.false(said.includes(ESCAPE))
    t.regex(said, /│ averages {2}│ \d+ +│ [1-9]\d* +│ 0 +│ [\d.]+ +│ 1 +│/)
    t.regex(said, /Try next\n {2}npm start .*\n.*--keep .*\n.*plugin pack sample-plugins/)
    t.true(await isGone(each), 'a process is left')
  }
  t.deepEqual(left(folder), [])
})

const moments = [
  { when: 'while it installs', said: /Installing a plugin/, later: /Rows, as they come/ },
  { when: 'while rows come', said: /\d {2}averages /, later: /What it came to/ },
]

for (const { when, said, later } of moments) {
  test(`Ctrl-C ${when} ends the demo at once with 130 and leaves nothing`, async (t) => {
    t.timeout(300_000)
    const folder = temporary(t)
    const running = start(folder)
    t.teardown(() => end(running))
    for (let i = 0; i < 9000 && !said.test(running.said()); i++) await sleep(10)
    t.regex(running.said(), said)
    const asked = performance.now()
    // a terminal tells the group, and npm passes it on
    process.kill(-running.pid, 'SIGINT')
    process.kill(running.pid, 'SIGINT')
    const { code, said: all } = await running.finished
    t.is(code, 130, all)
    t.regex(all, /interrupted; nothing is left of it\n$/)
    t.notRegex(all, later)
    t.true(performance.now() - asked < 30_000, 'a timer held it')
    t.true(await isGone(running), 'a process is left')
    t.deepEqual(left(folder), [])
  })
}

/** Without what Node keeps of compiled code. */
function left(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^plutino/.test(name)) : []
}

function end(running: Demo): void {
  if (isThere(running)) process.kill(-running.pid, 'SIGKILL')
}
