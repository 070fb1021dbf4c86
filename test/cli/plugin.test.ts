import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readArchive } from '#host/plugins/archive.ts'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer } from '#test/fixtures/server.ts'

const plutino = (...args: string[]) => run('host/cli/main.ts', args)

const project = {
  'README.md': '# it',
  'package.json': JSON.stringify({
    name: 'shout',
    version: '1.0.0',
    plutino: { sinks: { shout: 'shout.ts' } },
  }),
  'shout.ts': 'export class Shout { configure() {} open() {} collect() {} close() {} }',
}

test('plugin pack writes the zip where it is told, and says what is in it', async (t) => {
  const folder = makeFolder(t, project)
  const file = join(folder, 'out', 'shout.zip')
  const { code, stdout, stderr } = await plutino('plugin', 'pack', folder, '-o', file)
  t.deepEqual([code, stderr], [0, ''])
  t.regex(stdout, /^.*shout\.zip: 4 files, \d+ bytes, sha256 [0-9a-f]{64}\n$/)
  t.deepEqual([...readArchive(readFileSync(file)).keys()].sort(), [
    'README.md',
    'package.json',
    'shout.js',
    'shout.js.map',
  ])
})

test('plugin pack writes into the project by default', async (t) => {
  const folder = makeFolder(t, project)
  const { stdout } = await plutino('--json', 'plugin', 'pack', folder)
  const path = join(folder, 'target', 'plugins', 'sinks', 'Shout@v1.0.0.zip')
  t.like(JSON.parse(stdout), { path, bytes: readFileSync(path).length })
})

test('plugin pack of what is no plugin ends with a line and an exit code', async (t) => {
  const folder = makeFolder(t, { 'package.json': '{"name":"x","version":"1.0.0"}' })
  t.deepEqual(await plutino('plugin', 'pack', folder), {
    code: 1,
    stdout: '',
    stderr: `plutino: ${join(folder, 'package.json')} has no "plutino" section with sources, sinks or functions\n`,
  })
})

test('plugin grant gives what is on the command line', async (t) => {
  const { server, plugins } = await makeServer(t)
  plugins.put('sink', 'mysql')
  const grants = { network: ['tcp://db:3306'] }
  const args = ['plugin', 'grant', 'sink', 'mysql', JSON.stringify(grants)]
  const { code, stdout } = await plutino('--url', server.url, ...args)
  t.is(code, 0)
  t.regex(stdout, /^sinks plugin mysql is granted/)
  t.deepEqual(plugins.granted, [grants])
})
