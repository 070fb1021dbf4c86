import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { packageFiles } from '#test/fixtures/plugin-host.ts'
import { zipOf } from '#test/fixtures/zip.ts'

async function start(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const cli = (...words: string[]) => run('host/cli/main.ts', ['--url', server.url, ...words])
  return {
    folder,
    cli,
    zip(name: string, files: Readonly<Record<string, string>>) {
      const path = join(folder, name)
      writeFileSync(path, zipOf(files))
      return path
    },
    /** A command that is refused; what it says. */
    refused: async (...words: string[]) => {
      const { code, stderr } = await cli(...words)
      t.is(code, 1, stderr)
      // an installation tells its steps before
      return stderr.replace(/^(?:[a-z]+(?: \d+ bytes)?\n)*plutino: /, '').trimEnd()
    },
  }
}

const columns = '(id bigint) WITH (DATASOURCE="t", TYPE="memory")'
const rule = '{"sql": "SELECT id FROM demo", "actions": [{"log": {}}]}'

test('what is refused is said in words of the command line: streams, rules, JSON', async (t) => {
  const { folder, cli, refused } = await start(t)
  await cli('create', 'stream', 'demo', columns)
  await cli('create', 'rule', 'r', rule)
  t.is(
    await refused('create', 'stream', 'demo', columns),
    'Create stream fails: stream demo already exists; make room for it with: plutino drop stream demo',
  )
  t.is(
    await refused('create', 'rule', 'r', rule),
    'rule r already exists; make room for it with: plutino drop rule r',
  )
  t.is(
    await refused('drop', 'stream', 'demo'),
    'stream demo has been referenced by other rules: r; drop them first, or add --force',
  )
  t.is(
    await refused('create', 'plugin', 'sink', 'x', '{"fil": "http://127.0.0.1:1/x.zip"}'),
    '"file" is missing in the JSON',
  )
  const state = join(folder, 'r.state')
  writeFileSync(state, 'nothing of that kind')
  t.is(
    await refused('rule', 'state', 'import', 'r', state),
    'the file is no state of a rule; give one that "plutino rule state export" wrote',
  )
})

test('what is refused is said in words of the command line: plugins', async (t) => {
  const { cli, refused, zip } = await start(t)
  const permissions = { files: { folders: { input: 'read' } } }
  const file = zip('tools.zip', packageFiles('1.0.0', { plutino: { permissions } }))
  const { stdout } = await cli('plugin', 'install', file)
  t.is(
    stdout,
    'plugin @acme/tools 1.0.0 is created with tail, shout, echo, total. it asks for files input and has no such power until it is granted: plutino plugin grant tail --grant files.input=PATH\n',
  )
  t.is(
    await refused('plugin', 'grant', 'shout', '--grant', 'all'),
    'no power of sink "shout" is named; it asks for files input, and a folder is granted with its path: plutino plugin grant shout --grant files.input=PATH',
  )
  t.regex(
    await refused('plugin', 'install', file),
    /version "1\.0\.0" of package "@acme\/tools" is installed; this puts another in its place: plutino plugin upgrade NAME URL$/,
  )
  t.regex(
    await refused('plugin', 'install', zip('bare.zip', { 'Echo.js': 'exports.Echo = {}' })),
    /install it by kind and name: plutino plugin install URL --kind source\|sink\|function --name NAME$/,
  )
  await cli('create', 'stream', 'demo', columns)
  await cli(
    'create',
    'rule',
    'r',
    '{"sql": "SELECT echo(id) AS e FROM demo", "actions": [{"log": {}}]}',
  )
  t.is(
    await refused('plugin', 'remove', '@acme/tools'),
    'function plugin "echo" is used by rule r; stop or change it first, or stop by force: plutino plugin remove PACKAGE --force',
  )
})
