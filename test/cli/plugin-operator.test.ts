import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { readGrantFlags } from '#host/cli/grant-flags.ts'
import { askForGrants } from '#host/cli/grant-question.ts'
import { startServer } from '#host/server.ts'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { packageFiles } from '#test/fixtures/plugin-host.ts'
import { makeServer } from '#test/fixtures/server.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const plutino = (...args: string[]) => run('host/cli/main.ts', args)

test('flags become what the server takes', (t) => {
  t.deepEqual(
    readGrantFlags([
      'network=tcp://db:1',
      'secrets=a',
      'network=https://x',
      'files.private',
      'files.input=/data',
    ]),
    {
      network: ['tcp://db:1', 'https://x'],
      secrets: ['a'],
      files: { private: true, input: '/data' },
    },
  )
  t.deepEqual(readGrantFlags(['all', 'files.in=here']), {
    all: true,
    files: { in: resolve('here') },
  })
  t.is(readGrantFlags(['none']), 'none')
  for (const [flag, why] of [
    ['files', /there is all, none, network=ORIGIN/],
    ['network', /there is all/],
    ['network=', /there is all/],
    ['files.input', /it needs a path/],
    ['files.private=/x', /the private folder has no path/],
    ['everything', /there is all/],
  ] as const)
    t.throws(() => readGrantFlags([flag]), { message: why })
  t.throws(() => readGrantFlags(['none', 'all']), { message: /stands alone/ })
})

const asks = [
  { power: 'network', to: 'tcp://db:1' },
  { power: 'files', to: 'private' },
  { power: 'files', to: 'input' },
  { power: 'secrets', to: 'apiKey' },
]

const answered = async (...answers: string[]) => {
  const shown: string[] = []
  const ask = async (question: string) => {
    shown.push(question)
    return answers.shift() ?? 'q'
  }
  const grants = await askForGrants(asks, { show: (text) => void shown.push(text), ask })
  return { grants, shown }
}

test('on a terminal an operator sees what is asked for and grants all, some or none', async (t) => {
  t.deepEqual((await answered('a', '/data')).grants, { all: true, files: { input: '/data' } })
  t.deepEqual((await answered('all', '')).grants, { all: true })
  t.deepEqual((await answered('s', 'y', 'n', '', 'yes')).grants, {
    network: ['tcp://db:1'],
    secrets: ['apiKey'],
  })
  t.is((await answered('s', '', '', '', '')).grants, 'none')
  t.is((await answered('what?', 'n')).grants, 'none')
  t.is((await answered('q')).grants, undefined)
  const { shown } = await answered('n')
  t.deepEqual(shown.slice(0, 5), [
    'It asks for:',
    '  network tcp://db:1',
    '  files private',
    '  files input (a folder of yours)',
    '  secrets apiKey',
  ])
})

test('plugin grant and revoke take flags and a name alone', async (t) => {
  const { server, plugins } = await makeServer(t)
  plugins.put('sink', 'mysql')
  const granted = await plutino(
    '--url',
    server.url,
    'plugin',
    'grant',
    'mysql',
    '--grant',
    'network=tcp://db:1',
  )
  t.deepEqual([granted.code, granted.stdout], [0, 'plugin mysql is granted\n'])
  const of = await plutino(
    '--url',
    server.url,
    'plugin',
    'grant',
    'sink',
    'mysql',
    '--grant',
    'all',
  )
  t.is(of.stdout, 'sinks plugin mysql is granted\n')
  t.deepEqual(plugins.granted, [{ network: ['tcp://db:1'] }, { all: true }])
  await plutino('--url', server.url, 'plugin', 'revoke', 'mysql', '--grant', 'files.input')
  await plutino('--url', server.url, 'plugin', 'revoke', 'mysql')
  t.deepEqual(plugins.revoked, [{ files: { input: resolve('.') } }, undefined])
  const missing = await plutino('--url', server.url, 'plugin', 'grant', 'nobody', '--grant', 'all')
  t.is(missing.code, 1)
  t.regex(missing.stderr, /plugin nobody is not found/)
})

async function start(t: ExecutionContext) {
  const folder = makeFolder(t, { 'etc/plutino.yaml': '' })
  const permissions = { network: ['tcp://db:1'], files: { folders: { input: 'read' } } }
  const zip = join(folder, 'tools.zip')
  writeFileSync(zip, zipOf(packageFiles('1.0.0', { plutino: { permissions } })))
  const server = await startServer({
    base: folder,
    environment: {},
    overrides: { port: 0, consoleLog: false },
  })
  t.teardown(() => server.close())
  return { zip, folder, cli: (...args: string[]) => plutino('--url', server.url, ...args) }
}

test.serial(
  'plugin install takes a path and flags, and plugin grants shows the outcome',
  async (t) => {
    const { zip, folder, cli } = await start(t)
    const path = join(folder, 'input')
    mkdirSync(path)
    const installed = await cli(
      'plugin',
      'install',
      zip,
      '--grant',
      'all',
      '--grant',
      `files.input=${path}`,
    )
    t.deepEqual(
      [installed.code, installed.stdout],
      [0, 'plugin @acme/tools 1.0.0 is created with tail, shout, echo, total\n'],
    )
    t.regex(installed.stderr, /^(downloading\n)?downloaded \d+ bytes\nchecked\n[a-z\n]*recorded\n$/)
    const { stdout } = await cli('--json', 'plugin', 'grants', '@acme/tools')
    t.deepEqual(JSON.parse(stdout).given, [
      { power: 'network', to: 'tcp://db:1' },
      { power: 'files', to: 'input', path },
    ])
    const again = await cli('plugin', 'install', zip, '--trusted')
    t.is(again.code, 1)
    t.regex(again.stderr, /option plugins\.trusted refuses those/)
  },
)

test.serial(
  'plugin install without flags and without a terminal grants nothing and says what waits',
  async (t) => {
    const { zip, cli } = await start(t)
    const { stdout } = await cli('plugin', 'install', zip)
    t.regex(
      stdout,
      /it asks for network tcp:\/\/db:1, files input and has no such power until it is granted/,
    )
    const unasked = await cli('plugin', 'install', zip, '--grant', 'network=tcp://bd:1')
    t.regex(
      unasked.stderr,
      /^(downloading\n)?(downloaded \d+ bytes\n)?plutino: .*does not ask for network "tcp:\/\/bd:1"; .*did you mean "tcp:\/\/db:1"\?\n$/,
    )
    const wrong = await cli('plugin', 'install', zip, '--kind', 'sink')
    t.is(wrong.stderr, 'plutino: give --kind and --name together\n')
  },
)
