import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makePluginHost } from '#test/fixtures/plugin-host.ts'
import { makeArchives } from './archives/make.mjs'

const manifest = {
  name: 'hostile-archive',
  version: '1.0.0',
  type: 'module',
  plutino: { functions: { hostile: 'index.mjs' } },
}
const entry = 'export default { exec: () => "loaded" }\n'

test('good archives are installed, hostile ones refused; nothing is written outside, nothing is left', async (t) => {
  t.timeout(10 * 60_000)
  const archives = makeFolder(t)
  const cases = makeArchives(archives, { manifest, entry })
  t.true(cases.length > 80)
  for (const { id, expect, why, file, escapes = [], plant } of cases) {
    const { host, folder, files } = await makePluginHost(t)
    const unpacked = join(folder, 'data', 'packages')
    mkdirSync(unpacked, { recursive: true })
    if (plant !== undefined) writeFileSync(join(unpacked, plant.path), plant.text)
    const started = performance.now()
    const answer = await host
      .install('default', 'function', {
        name: 'hostile',
        file: pathToFileURL(join(archives, file)).href,
      })
      .then(
        ({ notes }) => ({ isInstalled: true, text: notes.join() }),
        (error: Error) => ({ isInstalled: false, text: error.message }),
      )
    const said = `${id} (${why}): ${answer.text.slice(0, 300)}`
    t.true(performance.now() - started < 20_000, `${said}: took too long`)
    if (expect !== 'either') t.is(answer.isInstalled, expect === 'accept', said)
    if (!answer.isInstalled) {
      t.deepEqual(files(), [], `${said}: left something behind`)
      t.deepEqual(host.list('default', 'function'), [], said)
    }
    for (const path of escapes) {
      t.false(existsSync(join(unpacked, path)), `${said}: wrote ${path}`)
    }
    const marker = readdirSync(folder, { recursive: true }).filter((name) =>
      String(name).endsWith('hostile-marker.txt'),
    )
    t.deepEqual(marker, [], said)
    if (plant !== undefined) t.notRegex(answer.text, /hunter2/, said)
    await host.close()
  }
})
