import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'

const main = fileURLToPath(new URL('../../host/cli/main.ts', import.meta.url))
const WAIT_MS = 60_000

test('plugin dev takes each save of functions, also while nothing calls them', async (t) => {
  t.timeout(300_000)
  const echo = (version: string) => `export const Echo = { exec: ([x]) => x + '${version}' }\n`
  const plugin = startDev(t, 'functions', 'echo', echo('1'))
  await plugin.says(/no rule calls it.*until Ctrl-C.*--sql "SELECT echo\(…\) FROM plugin_dev"/)
  plugin.save(echo('2'))
  await plugin.says(/--sql.*--sql/s)
  t.notRegex(plugin.said(), /duplicate/)
  t.is(await plugin.interrupt(), 0)
})

test('plugin dev prints rows, takes each save, names mistakes and ends in order', async (t) => {
  t.timeout(300_000)
  const source = (word: string) => `export class Words {
  configure() {}
  open(ctx, consumer) {
    this.timer = setInterval(() => consumer({ word: '${word}' }), 20)
  }
  close() { clearInterval(this.timer) }
}
`
  const plugin = startDev(t, 'sources', 'words', source('first'))
  await plugin.says(/"word":"first"/)
  plugin.save('export class Words {')
  await plugin.says(/words\.js cannot be bundled: words\.js:1:21/)
  plugin.save(source('second'))
  await plugin.says(/"word":"second"/)
  t.is(await plugin.interrupt(), 0)
})

test('plugin dev prints the first row of a source that brings all of them at once', async (t) => {
  t.timeout(300_000)
  const source = (n: number) => `export class All {
  configure() {}
  open(ctx, consumer) {
    for (let n = ${n}; n < ${n} + 3; n++) consumer({ n })
  }
  close() {}
}
`
  const plugin = startDev(t, 'sources', 'all', source(1))
  await plugin.says(/"n":1\D.*"n":2\D.*"n":3\D/s)
  plugin.save(source(10))
  await plugin.says(/"n":10.*"n":11.*"n":12/s)
  t.is(await plugin.interrupt(), 0)
})

test('a source that does not open is named, and the next save is tried', async (t) => {
  t.timeout(300_000)
  const source = (open: string) =>
    `export class Words { configure() {} open(ctx, consumer) { ${open} } close() {} }\n`
  const plugin = startDev(t, 'sources', 'words', source(`throw new Error('no door')`))
  await plugin.says(/no door/)
  plugin.save(source(`consumer({ word: 'opened' })`))
  await plugin.says(/"word":"opened"/)
  t.is(await plugin.interrupt(), 0)
})

test('a save right after a first load that failed counts', async (t) => {
  t.timeout(300_000)
  const plugin = startDev(t, 'functions', 'echo', 'export class {')
  await plugin.says(/echo\.js cannot be bundled/)
  plugin.save('export const Echo = { exec: ([x]) => x }\n')
  await plugin.says(/--sql/)
  t.is(await plugin.interrupt(), 0)
})

/** `plutino plugin dev` over a plugin of one file, in a process of its own. */
function startDev(t: ExecutionContext, kind: 'sources' | 'functions', name: string, text: string) {
  const file = `${name}.js`
  const folder = makeFolder(t, {
    'package.json': JSON.stringify({
      name: `${name}-plugin`,
      version: '1.0.0',
      plutino: { [kind]: { [name]: file } },
    }),
    [file]: text,
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
  return {
    said: () => said,
    save: (changed: string) => writeFileSync(join(folder, file), changed),
    says: async (pattern: RegExp) => {
      const end = performance.now() + WAIT_MS
      while (performance.now() < end && !pattern.test(said))
        await new Promise((wake) => setTimeout(wake, 50))
      t.regex(said, pattern)
    },
    interrupt: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      return (await ended)[0]
    },
  }
}
