import test from 'ava'
import { makeServer } from '#test/fixtures/server.ts'

const json = (status: number, body: unknown) => ({ status, type: 'application/json', body })
const text = (status: number, body: string) => ({ status, type: 'text/plain', body })
const refused = (message: string, code: string, error = 1000, status = 400) =>
  json(status, { error, message, code })
const file = 'http://127.0.0.1:1/x.zip'

test('a plugin is installed, described, replaced and removed with the sentences of Kuiper', async (t) => {
  const { request } = await makeServer(t)
  t.deepEqual(
    await request('POST', '/plugins/sinks', { name: 'mysql', file }),
    text(201, 'sinks plugin mysql is created'),
  )
  t.deepEqual(await request('GET', '/plugins/sinks'), json(200, ['mysql']))
  t.deepEqual(await request('GET', '/plugins/sources'), json(200, []))
  t.deepEqual(
    Object.entries(Object((await request('GET', '/plugins/sinks/mysql')).body)).slice(0, 2),
    [
      ['name', 'mysql'],
      ['version', '1.0.0'],
    ],
  )
  t.deepEqual(
    await request('PUT', '/plugins/sinks/mysql', { name: 'mysql', file }),
    text(200, 'sinks plugin mysql is updated. A note.'),
  )
  t.like((await request('GET', '/plugins/sinks/mysql')).body, { version: '2.0.0' })
  t.deepEqual(
    await request('DELETE', '/plugins/sinks/mysql'),
    text(200, 'sinks plugin mysql is deleted'),
  )
  t.deepEqual(await request('GET', '/plugins/sinks'), json(200, []))
})

test('an upgrade moves and a grant restarts the rules that run with the plugin, and no others', async (t) => {
  const { request, plugins, cell } = await makeServer(t)
  plugins.put('sink', 'mysql')
  await request('POST', '/streams', { sql: 'CREATE STREAM s () WITH (DATASOURCE="t")' })
  const rule = (id: string, sink: string) => ({
    id,
    sql: 'SELECT a FROM s',
    actions: [{ [sink]: {} }],
  })
  await request('POST', '/rules', rule('r', 'mysql'))
  await request('POST', '/rules', rule('stopped', 'mysql'))
  await request('POST', '/rules/stopped/stop')
  await request('POST', '/rules', rule('other', 'log'))
  cell.calls.length = 0
  t.deepEqual(
    await request('PUT', '/plugins/sinks/mysql', { name: 'mysql', file }),
    text(200, 'sinks plugin mysql is updated. A note. Rules moved to it: r.'),
  )
  t.is(cell.spec('r')?.plugins[0]?.version, '2.0.0')
  t.deepEqual(
    await request('POST', '/plugins/sinks/mysql/grants', { network: ['tcp://db:1'] }),
    text(200, 'sinks plugin mysql is granted. Rules restarted with it: r.'),
  )
  t.deepEqual(plugins.granted, [{ network: ['tcp://db:1'] }])
  t.deepEqual(cell.calls, ['upgrade r', 'stop r: restarted', 'deploy r'])
  await request('PUT', '/plugins/sinks/mysql', { name: 'mysql', file, policy: 'keep' })
  t.is(cell.calls.length, 3)
})

test('what is not there is 404, with the sentences of Kuiper', async (t) => {
  const { request } = await makeServer(t)
  const cases: [string, string, unknown, string][] = [
    ['GET', '/plugins/sources/x', undefined, 'describe sources plugin x error: not found'],
    ['GET', '/plugins/functions/x', undefined, 'describe functions plugin x error: not found'],
    [
      'DELETE',
      '/plugins/sinks/x',
      undefined,
      'delete sinks plugin x error: invalid name x: not exist',
    ],
    ['GET', '/plugins/udfs/x', undefined, 'describe function x error: not found'],
    [
      'POST',
      '/plugins/functions/x/register',
      { functions: ['a'] },
      'register functions plugin x error: not found',
    ],
    [
      'GET',
      '/plugins/portables/x',
      undefined,
      'portable plugin x not found: there are no portable plugins here',
    ],
  ]
  for (const [method, path, body, message] of cases) {
    t.deepEqual(await request(method, path, body), refused(message, 'not-found', 1002, 404), path)
  }
})

test('a body that cannot be is refused with what is wrong', async (t) => {
  const { request } = await makeServer(t)
  const cases: [unknown, ReturnType<typeof refused>][] = [
    [{ name: '', file }, refused('id cannot be empty', 'bad-name')],
    [
      { name: '../x', file },
      refused(
        "id '../x' contains invalid characters: only alphanumeric, hyphens and underscores are allowed",
        'bad-name',
      ),
    ],
    [{ name: 'x' }, refused('"file" is missing in the body', 'bad-body')],
    [{ name: 'x', fil: file }, refused('"file" is missing in the body', 'bad-body')],
    [
      { name: 'x', file, files: 1 },
      refused('unknown key "files" in the body; did you mean "file"?', 'bad-body'),
    ],
    [{ name: 'x', file: 'http://a/x.tar' }, refused('invalid uri http://a/x.tar', 'bad-url')],
    [{ name: 'x', file, functions: 'a' }, refused('"functions" must be an array', 'bad-body')],
  ]
  for (const [body, answer] of cases) {
    t.deepEqual(await request('POST', '/plugins/sources', body), answer, JSON.stringify(body))
  }
})

test('a name that is taken is 409', async (t) => {
  const { request } = await makeServer(t)
  await request('POST', '/plugins/sources', { name: 'x', file })
  t.deepEqual(
    await request('POST', '/plugins/sources', { name: 'x', file }),
    refused('invalid name x: duplicate', 'duplicate', 1000, 409),
  )
})

test('SQL names of a function plugin are registered', async (t) => {
  const { request, plugins } = await makeServer(t)
  plugins.put('function', 'text')
  t.deepEqual(
    await request('POST', '/plugins/functions/text/register', { functions: ['a'] }),
    text(200, 'function plugin text function list is registered'),
  )
  t.deepEqual(
    await request('POST', '/plugins/functions/text/register', { functions: [] }),
    refused("property 'functions' must not be empty", 'bad-body'),
  )
  t.deepEqual(await request('GET', '/plugins/udfs'), json(200, ['text']))
  t.deepEqual(
    await request('GET', '/plugins/udfs/text'),
    json(200, { name: 'text', plugin: 'acme-text' }),
  )
})

test('portable plugins of Kuiper are refused with the way out', async (t) => {
  const { request } = await makeServer(t)
  t.deepEqual(await request('GET', '/plugins/portables'), json(200, []))
  t.deepEqual(
    await request('POST', '/plugins/portables', { name: 'x', file }),
    refused(
      'portable plugins are for Kuiper; plugins here are scripts in a sandbox: pack it with the SDK and install it as source, sink or function',
      'not-supported',
    ),
  )
})
