import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'

const main = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url))
const source = (word: string) => `export class Words {
  configure() {}
  open(ctx, consumer) {
    this.timer = setInterval(() => consumer({ word: '${word}' }), 20)
  }
  close() { clearInterval(this.timer) }
}
`

test('plugin dev takes each save of functions, also while nothing calls them', async (t) => {
  t.timeout(300_000)
  const echo = (version: string) => `export const Echo = { exec: ([x]) => x + '${version}' }\n`
  const folder = makeFolder(t, {
    'package.json': JSON.stringify({
      name: 'echoes',
      version: '1.0.0',
      plutino: { functions: { echo: 'echo.js' } },
    }),
    'echo.js': echo('1'),
  })
  const child = spawn(process.execPath, [main, 'plugin', 'dev'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data
    })
  const hints = async (count: number) => {
    for (let i = 0; i < 1200 && said.split('--sql').length <= count; i++)
      await new Promise((wake) => setTimeout(wake, 50))
    t.true(said.split('--sql').length > count, said)
  }
  await hints(1)
  writeFileSync(join(folder, 'echo.js'), echo('2'))
  await hints(2)
  t.notRegex(said, /duplicate/)
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  t.is((await ended)[0], 0)
})

test('plugin dev prints rows, takes each save, names mistakes and ends in order', async (t) => {
  t.timeout(300_000)
  const folder = makeFolder(t, {
    'package.json': JSON.stringify({
      name: 'words',
      version: '1.0.0',
      plutino: { sources: { words: 'words.js' } },
    }),
    'words.js': source('first'),
  })
  const child = spawn(process.execPath, [main, 'plugin', 'dev'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data
    })
  const says = async (pattern: RegExp) => {
    for (let i = 0; i < 1200 && !pattern.test(said); i++)
      await new Promise((wake) => setTimeout(wake, 50))
    t.regex(said.slice(-3000), pattern)
  }
  await says(/"word":"first"/)
  writeFileSync(join(folder, 'words.js'), 'export class Words {')
  await says(/words\.js cannot be bundled: words\.js:1:21/)
  writeFileSync(join(folder, 'words.js'), source('second'))
  await says(/"word":"second"/)
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  const [code] = await ended
  t.is(code, 0)
})
