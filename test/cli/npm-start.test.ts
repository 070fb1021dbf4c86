import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { until } from '#test/fixtures/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** `npm start`, as the README has it, over folders of its own. */
async function npmStart(t: ExecutionContext, flags: readonly string[] = []) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const own = ['etc', 'data', 'log'].flatMap((name) => [`--${name}`, join(folder, name)])
  const npm = spawn('npm', ['start', '--', '--port', '0', ...own, ...flags], {
    cwd: root,
    stdio: 'ignore',
  })
  t.teardown(() => npm.kill('SIGKILL'))
  const log = () => {
    const path = join(folder, 'log/stream.log')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const says = (pattern: RegExp) => until(String(pattern), () => pattern.test(log()))
  await says(/ is ready on /)
  const [, url = ''] = / is ready on (http:\S+?);? /.exec(log()) ?? []
  return { npm, says, url }
}

const isUp = (url: string) =>
  fetch(`${url}/ping`).then(
    ({ ok }) => ok,
    () => false,
  )

for (const flags of [[], ['--supervised']]) {
  test(`SIGTERM to npm start ${flags.join()} stops the server in order`, async (t) => {
    t.timeout(300_000)
    const { npm, says, url } = await npmStart(t, flags)
    t.true(await isUp(url))
    const ended = once(npm, 'exit')
    npm.kill('SIGTERM')
    await ended
    await says(/"msg":"stopping \(SIGTERM\)"/)
    await until('nobody answers', async () => !(await isUp(url)))
    t.pass()
  })
}
