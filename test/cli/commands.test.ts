import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { run } from '#test/fixtures/command.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makeServer } from '#test/fixtures/server.ts'

async function make(t: ExecutionContext) {
  const { server, plugins } = await makeServer(t)
  const plutino = (...args: string[]) => run('host/cli/main.ts', ['--url', server.url, ...args])
  /** A command that must succeed; what it prints. */
  const says = async (...args: string[]) => {
    const { code, stdout, stderr } = await plutino(...args)
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    return stdout
  }
  return { plutino, says, plugins }
}

const columns = '(id bigint, name string) WITH (DATASOURCE="t", FORMAT="json")'
const rule = JSON.stringify({
  sql: 'SELECT id FROM demo',
  actions: [{ log: {} }],
  tags: ['a', 'b'],
})

test('streams and tables are created, shown, described and dropped', async (t) => {
  const { says } = await make(t)
  t.is(await says('show', 'streams'), 'No stream definitions are found.\n')
  t.is(await says('create', 'stream', 'demo', columns), 'Stream demo is created.\n')
  t.is(await says('create', 'table', 'names', columns), 'Table names is created.\n')
  t.is(await says('show', 'streams'), 'name  type  format\ndemo  mqtt  json\n')
  t.is(
    await says('describe', 'stream', 'demo'),
    `Fields\n${'-'.repeat(80)}\nid\tbigint\nname\tstring\n\nDATASOURCE: t\nFORMAT: json\n`,
  )
  t.like(JSON.parse(await says('describe', 'stream', 'demo', '-json')), {
    Name: 'demo',
    StreamType: 0,
  })
  t.is(await says('drop', 'table', 'names'), 'Table names is dropped.\n')
  t.deepEqual(JSON.parse(await says('--json', 'show', 'tables')), [])
})

test('statements and rules are read from files', async (t) => {
  const { says } = await make(t)
  const folder = makeFolder(t, {
    'demo.sql': `CREATE STREAM demo ${columns}`,
    'rule.json': JSON.stringify({ id: 'own', ...JSON.parse(rule) }),
  })
  t.is(await says('create', 'stream', '-f', join(folder, 'demo.sql')), 'Stream demo is created.\n')
  t.is(
    await says('create', 'rule', '-f', join(folder, 'rule.json')),
    'Rule own was created successfully.\n',
  )
  t.is(
    await says('create', 'rule', 'r', '-f', join(folder, 'rule.json')),
    'Rule r was created successfully.\n',
  )
})

test('rules are created, shown, stopped, started, explained and dropped', async (t) => {
  const { says } = await make(t)
  await says('create', 'stream', 'demo', columns)
  t.is(await says('validate', 'rule', rule), 'The rule is valid.\n')
  t.is(await says('create', 'rule', 'r', rule), 'Rule r was created successfully.\n')
  t.is(await says('show', 'rules'), 'id  status   version  tags\nr   running           a b\n')
  t.is(await says('stop', 'rule', 'r'), 'Rule r was stopped.\n')
  t.like(JSON.parse(await says('getstatus', 'rule', 'r')), { status: 'stopped' })
  t.is(await says('start', 'rule', 'r'), 'Rule r was started\n')
  t.is(await says('restart', 'rule', 'r'), 'Rule r was restarted\n')
  t.like(JSON.parse(await says('describe', 'rule', 'r')), { id: 'r', sql: 'SELECT id FROM demo' })
  t.like(JSON.parse(await says('gettopo', 'rule', 'r')), { sources: ['source_demo'] })
  t.regex(await says('explain', 'rule', 'r'), /^\{"op":"ProjectPlan_0"/)
  t.is(await says('drop', 'rule', 'r'), 'Rule r is dropped.\n')
  t.is(await says('show', 'rules'), 'No rule definitions are found.\n')
})

test('plugins are created, shown, described, registered and dropped', async (t) => {
  const { says } = await make(t)
  const body = '{"file": "http://127.0.0.1:1/x.zip"}'
  t.is(
    await says('create', 'plugin', 'source', 'random', body),
    'sources plugin random is created\n',
  )
  t.is(
    await says('create', 'plugin', 'function', 'echo', body),
    'functions plugin echo is created\n',
  )
  t.is(await says('show', 'plugins', 'source'), 'random\n')
  t.is(await says('show', 'plugins', 'sinks'), 'No sink plugins are found.\n')
  t.like(JSON.parse(await says('describe', 'plugin', 'source', 'random')), { version: '1.0.0' })
  t.is(
    await says('register', 'plugin', 'function', 'echo', '{"functions": ["echo"]}'),
    'function plugin echo function list is registered\n',
  )
  t.is(
    await says('drop', 'plugin', 'source', 'random', '-s', 'true'),
    'sources plugin random is deleted\n',
  )
})

test('what the server refuses ends with 1 and its message', async (t) => {
  const { plutino } = await make(t)
  t.deepEqual(await plutino('describe', 'stream', 'x'), {
    code: 1,
    stdout: '',
    stderr: 'plutino: Describe stream fails, x is not found\n',
  })
})

test('a wrong command line ends with 2 and the way out', async (t) => {
  const { plutino } = await make(t)
  const cases: [string[], RegExp][] = [
    [['shw', 'rules'], /^error: unknown command 'shw'\n\(Did you mean show\?\)/],
    [['show', 'rulez'], /^error: unknown command 'rulez'/],
    [['describe', 'rule'], /^error: missing required argument 'id'/],
    [['create', 'rule', 'r', '{bad'], /^plutino: that is no JSON: Expected property name/],
    [['create', 'rule', 'r', '[]'], /^plutino: that is no JSON object/],
    [
      ['create', 'rule', 'r', '{}', '-f', 'x'],
      /^plutino: give it on the command line or with -f, not both\n$/,
    ],
    [
      ['create', 'rule', 'r'],
      /^plutino: give the rule as JSON on the command line or with -f FILE\n$/,
    ],
    [['create', 'stream', '-f', '/no/such'], /^plutino: cannot read \/no\/such: ENOENT/],
    [['--url', 'ftp://x', 'show', 'rules'], /^plutino: --url ftp:\/\/x is no address such as/],
    [
      ['stop', 'rule', 'r', '--wait', 'soon'],
      /^plutino: --wait must be a time such as 10s, not "soon"\n$/,
    ],
    [
      ['plugin', 'audit', '--lines', 'many'],
      /^plutino: --lines must be a number up to 9999, not "many"\n$/,
    ],
    [
      ['plugin', 'grant', 'mysql'],
      /^plutino: give powers by --grant, or as JSON on the command line or with -f FILE\n$/,
    ],
    [['query', 'SELECT 1', '-n', 'x'], /^plutino: --count must be a number above 0, not "x"\n$/],
    [
      ['server', '--port', 'x'],
      /^plutino: --port must be a whole number from 0 to 65535, not "x"\n$/,
    ],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await plutino(...args)
    t.deepEqual({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    t.regex(stderr, message)
  }
})

test('help of a verb and its thing is about both', async (t) => {
  const { code, stdout } = await run('host/cli/main.ts', ['help', 'plugin', 'install'])
  t.is(code, 0)
  t.regex(stdout, /^Usage: plutino plugin install /)
  t.regex(stdout, /--grant/)
})

test('help of what is no command says what is near', async (t) => {
  const helped = (...words: string[]) =>
    run('host/cli/main.ts', ['--url', 'http://h', 'help', ...words])
  t.like(await helped('plugin', 'instal'), {
    code: 2,
    stdout: '',
    stderr: 'plutino: plugin has no command "instal"; did you mean "install"?\n',
  })
  t.regex((await helped('xyzzy')).stderr, /plutino has no command "xyzzy"; there is server, query/)
  t.regex((await helped('create', 'stream', 'demo')).stdout, /^Usage: plutino create stream /)
})

test('a server that does not answer ends with 3 and the way out', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  const url = `http://127.0.0.1:${port}`
  t.deepEqual(await run('host/cli/main.ts', ['--url', url, 'show', 'rules']), {
    code: 3,
    stdout: '',
    stderr: `plutino: no server answers at ${url} (connect ECONNREFUSED 127.0.0.1:${port}); start one with "plutino server", or name another with --url\n`,
  })
})

test('help and version end with 0', async (t) => {
  const help = await run('host/cli/main.ts', ['--help'])
  t.is(help.code, 0)
  t.regex(help.stdout, /^Usage: plutino/)
  t.is((await run('host/cli/main.ts', ['--version'])).code, 0)
})

test('a command waits for what comes of it, and says it', async (t) => {
  const { says } = await make(t)
  await says('create', 'stream', 'demo', columns)
  await says('create', 'rule', 'r', rule)
  t.is(await says('stop', 'rule', 'r', '--wait', '10s'), 'Rule r: stopped: canceled manually\n')
  t.is(await says('start', 'rule', 'r', '-w', '10s'), 'Rule r: running\n')
})

test('the state of a rule is shown, exported, imported and reset', async (t) => {
  const { says, plutino } = await make(t)
  const file = join(makeFolder(t), 'r.state')
  await says('create', 'stream', 'demo', columns)
  await says('create', 'rule', 'r', rule)
  t.is(await says('rule', 'state', 'show', 'r'), 'Rule r has no checkpoint.\n')
  t.is(await says('rule', 'state', 'export', 'r', file), `Rule r state was written to ${file}.\n`)
  t.regex(
    await says('rule', 'state', 'show', 'r'),
    /^taken.*\n1970-01-01T00:00:00.001Z .* whole\n$/,
  )
  t.is(await says('rule', 'state', 'import', 'r', file), 'Rule r state was imported.\n')
  t.is(await says('rule', 'state', 'reset', 'r'), 'Rule r state was reset.\n')
  t.is((await plutino('rule', 'state', 'import', 'r', `${file}.none`)).code, 2)
  const reset = (...args: string[]) => plutino('rule', 'state', 'reset', 'r', ...args)
  t.is((await reset('--stream', 'demo', '--input', '{"next": 7}')).stdout, 'success\n')
  t.is((await reset('--stream', 'demo', '--input', '{next')).code, 2)
  t.is((await reset('--stream', 'demo')).code, 2)
  t.is((await reset('--stream', 'demo', '--input', '[7]')).code, 1)
})
