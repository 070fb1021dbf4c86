import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startServer } from '#host/server.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { send } from '#test/fixtures/server.ts'
import { cli, command } from './commands.ts'

const weather = ['--source', 'gauge', '--sink', 'tape', '--function', 'turned']

test.serial(
  'a project made outside of the repository installs, checks, tests, packs and runs in a rule',
  async (t) => {
    t.timeout(600_000)
    const folder = makeFolder(t)
    t.like(await cli(folder, 'new', 'acme-tools', ...weather), { code: 0 })
    const project = join(folder, 'acme-tools')
    t.deepEqual(readdirSync(join(project, 'vendor')), ['plutino-sdk-0.1.0.tgz'])
    const ignored = readFileSync(join(project, '.gitignore'), 'utf8').trim().split('\n')
    t.deepEqual(ignored, ['node_modules/', 'target/', 'data/', 'log/', '*.key'])
    const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    t.deepEqual(manifest.engines, { node: '>=24', plutino: '^0.1.0' })

    const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
    const installed = await command('npm', install, project)
    t.is(installed.code, 0, installed.output)
    const checked = await command('npm', ['run', 'types'], project)
    t.is(checked.code, 0, checked.output)
    const alone = await command('npm', ['test'], project)
    t.is(alone.code, 0, alone.output)
    t.regex(alone.output, /gauge brings a row each second, in process/)
    t.notRegex(alone.output, /in the sandbox/)
    const everywhere = await cli(project, 'test')
    t.is(everywhere.code, 0, everywhere.output)
    t.regex(everywhere.output, /gauge goes on where the checkpoint was taken, in the sandbox/)
    t.regex(everywhere.output, /tape numbers its rows, also after a restart, in the sandbox/)
    t.regex(everywhere.output, /turned takes one argument, in the sandbox/)

    const packed = await cli(project, 'pack')
    t.is(packed.code, 0, packed.output)
    await useInRule(t, join(project, 'target/plugins/acme-tools@v0.1.0.zip'))
  },
)

async function useInRule(t: ExecutionContext, zip: string): Promise<void> {
  const base = makeFolder(t, {
    'etc/plutino.yaml': '',
    'etc/sources/gauge.yaml': 'default:\n  interval: 5\n',
  })
  const server = await startServer({
    base,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  const post = (path: string, body: unknown) => send(`${server.url}${path}`, 'POST', body)
  const done = await post('/plugins', { file: `file://${zip}` })
  t.is(done.status, 201, JSON.stringify(done.body))
  const sql = 'CREATE STREAM demo () WITH (DATASOURCE="abc", TYPE="gauge", FORMAT="json")'
  t.is((await post('/streams', { sql })).status, 201)
  const rule = {
    id: 'r',
    sql: 'SELECT turned(topic) AS back, n FROM demo',
    actions: [{ tape: { title: 'line' } }],
  }
  t.is((await post('/rules', rule)).status, 201)
  const log = join(base, 'log', 'stream.log')
  for (let i = 0; i < 400; i++) {
    const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
    if (/line 3: .*cba.*n\W+3/.test(text)) {
      t.pass()
      return
    }
    await sleep(50)
  }
  t.fail('the rule wrote no third row')
}

test('a folder that is there is left alone', async (t) => {
  const folder = makeFolder(t, { 'mine/notes.txt': 'kept' })
  const { code, output } = await cli(folder, 'new', 'mine')
  t.is(code, 1)
  t.regex(output, /mine is there already; give another name, or remove it first/)
  t.deepEqual(readdirSync(join(folder, 'mine')), ['notes.txt'])
})

const refused = test.macro(async (t, words: readonly string[], message: RegExp) => {
  const folder = makeFolder(t)
  const { code, output } = await cli(folder, 'new', ...words)
  t.is(code, 1)
  t.regex(output, message)
  t.deepEqual(readdirSync(folder), [])
})

test('not made: a package whose name npm refuses', refused, ['My Plugin'], /small letters, digits/)
test(
  'not made: a source whose name is no name in SQL',
  refused,
  ['x', '--source', 'my-source'],
  /"my-source" is no name for a source: .*such as mySource/,
)
test(
  'not made: a function that is built in',
  refused,
  ['x', '--function', 'concat'],
  /a function "concat" is built in, .*such as myConcat/,
)
test(
  'not made: a sink that is built in',
  refused,
  ['x', '--sink', 'mqtt'],
  /a sink "mqtt" is built in/,
)
test(
  'not made: in a folder that is not there',
  refused,
  [join(dirname('a/b'), 'no/where')],
  /cannot be made: ENOENT/,
)
