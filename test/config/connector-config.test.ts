import test, { type ExecutionContext } from 'ava'
import { ConnectorConfig, type Sections } from '#host/config/connector-config.ts'
import type { Environment } from '#host/config/load.ts'
import { maskSecrets } from '#host/config/secrets.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

interface Given {
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Environment
  readonly stored?: Sections
}

function config(t: ExecutionContext, { files = {}, environment = {}, stored = new Map() }: Given) {
  const folder = makeFolder(t, files)
  return new ConnectorConfig({ folder, environment, stored: { list: () => stored } })
}

const demo = { 'sources/mySource.yaml': 'default:\n  host: a\n  port: 1\ndemoConf:\n  host: b\n' }

test('a section is merged over default', async (t) => {
  const it = config(t, { files: demo })
  t.deepEqual(await it.props('default', 'sources', 'mySource', 'demoConf'), { host: 'b', port: 1 })
  t.deepEqual(await it.props('default', 'sources', 'mySource', undefined), { host: 'a', port: 1 })
})

test('without a file there are no properties', async (t) => {
  t.deepEqual(await config(t, {}).props('default', 'sinks', 'nothing', 'default'), {})
})

test('the environment wins over the file, and what was put over REST over both', async (t) => {
  const environment = { MYSOURCE__DEMOCONF__HOST: 'c=d', MYSOURCE__DEFAULT__PORT: '7' }
  const stored = new Map([['demoConf', { port: 9 }]])
  t.deepEqual(
    await config(t, { files: demo, environment }).props(
      'default',
      'sources',
      'mySource',
      'demoConf',
    ),
    {
      host: 'c=d',
      port: 7,
    },
  )
  t.deepEqual(
    await config(t, { files: demo, environment, stored }).props(
      'default',
      'sources',
      'mySource',
      'demoConf',
    ),
    {
      host: 'c=d',
      port: 9,
    },
  )
})

test('a text of the file stays a text when the environment sets it to digits', async (t) => {
  const files = { 'sources/s.yaml': 'default:\n  password: x\n' }
  const environment = {
    S__DEFAULT__PASSWORD: '1234',
    S__DEFAULT__QOS: '1',
    S__DEFAULT__TOPICS: '[a,b]',
  }
  t.deepEqual(await config(t, { files, environment }).props('default', 'sources', 's', undefined), {
    password: '1234',
    qos: 1,
    topics: ['a', 'b'],
  })
})

test('mqtt_source.yaml and servers are read like sources/mqtt.yaml and server', async (t) => {
  const files = { 'mqtt_source.yaml': 'default:\n  qos: 1\n  servers: [tcp://broker:1883]\n' }
  const environment = { MQTT_SOURCE__DEFAULT__QOS: '2' }
  t.deepEqual(
    await config(t, { files, environment }).props('default', 'sources', 'mqtt', undefined),
    {
      qos: 2,
      server: 'tcp://broker:1883',
    },
  )
})

test('a section that says servers wins over a default that says server', async (t) => {
  const files = {
    'sources/mqtt.yaml': 'default:\n  server: tcp://a:1\nb:\n  servers: [tcp://b:2]\n',
  }
  t.deepEqual(await config(t, { files }).props('default', 'sources', 'mqtt', 'b'), {
    server: 'tcp://b:2',
  })
})

test('an unknown CONF_KEY is refused with the one that was meant', async (t) => {
  const it = config(t, { files: demo })
  await t.throwsAsync(it.props('default', 'sources', 'mySource', 'democnf'), {
    code: 'unknown-conf-key',
    message: 'no CONF_KEY "democnf" for source type "mySource"; did you mean "demoConf"?',
  })
  await t.throwsAsync(it.props('default', 'sinks', 'other', 'x'), {
    message: 'no CONF_KEY "x" for sink type "other"; there are none',
  })
})

test('secrets are filled in where properties name them', async (t) => {
  const files = {
    'sinks/db.yaml': 'default:\n  password: secret:db\n  a: {b: [secret:Other]}\n',
    'secrets.yaml': 'db: s3\n',
  }
  const environment = { PLUTINO_SECRET_OTHER: 'o' }
  t.deepEqual(await config(t, { files, environment }).props('default', 'sinks', 'db', undefined), {
    password: 's3',
    a: { b: ['o'] },
  })
  await t.throwsAsync(config(t, { files }).props('default', 'sinks', 'db', undefined), {
    code: 'unknown-secret',
    message: 'no secret "Other"; set PLUTINO_SECRET_OTHER or write it into secrets.yaml',
  })
})

test('what looks secret is masked, a name of a secret is not', (t) => {
  const masked = maskSecrets({
    server: 'tcp://u:p@h:1',
    url: 'user:test@tcp(localhost:3307)/user',
    password: 'x',
    privateKeyPath: '/a',
    headers: { Authorization: 'Bearer x', Accept: 'json' },
    token: 'secret:t',
    empty: { password: '' },
  })
  t.deepEqual(masked, {
    server: 'tcp://u:******@h:1',
    url: 'user:******@tcp(localhost:3307)/user',
    password: '******',
    privateKeyPath: '/a',
    headers: { Authorization: '******', Accept: 'json' },
    token: 'secret:t',
    empty: { password: '' },
  })
})

test('every yaml of etc can be read', async (t) => {
  const it = new ConnectorConfig({
    folder: 'etc',
    environment: {},
    stored: { list: () => new Map() },
  })
  for (const type of ['mqtt', 'memory', 'simulator', 'file']) {
    t.true((await it.sections('default', 'sources', type)).has('default'), type)
  }
  for (const type of ['mqtt', 'memory', 'file', 'rest', 'log', 'nop']) {
    t.true((await it.sections('default', 'sinks', type)).has('default'), type)
  }
})
