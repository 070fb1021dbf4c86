import { join } from 'node:path'
import test from 'ava'
import { HostError } from '#host/errors.ts'
import { InstallError } from '#host/plugins/errors.ts'
import { readOrigin, readPermissions } from '#host/plugins/permissions.ts'
import type { PluginHost } from '#host/plugins/plugin-host.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'

const T = 'default'
const permissions = {
  network: ['https://API.example.com:443/', 'tcp://db:3306'],
  files: { private: { quotaBytes: 1000 }, folders: { input: 'read' } },
  secrets: ['apiKey'],
}
const files = (version = '1.0.0', more: object = {}) =>
  packageFiles(version, { plutino: { permissions: { ...permissions, ...more } } })

const told = async (done: Promise<unknown>): Promise<string> => {
  try {
    await done
  } catch (error) {
    if (error instanceof InstallError || error instanceof HostError) return error.message
    throw error
  }
  throw new Error('it went through')
}

const givenTo = (host: PluginHost): readonly { readonly power: string; readonly to: string }[] => {
  const given = host.describe(T, 'sink', 'shout')?.grants.given
  return Array.isArray(given) ? given : []
}

test('an origin is written in one way', (t) => {
  const cases = {
    'https://API.Example.com': 'https://api.example.com',
    'https://api.example.com:443/': 'https://api.example.com',
    'http://host:8080': 'http://host:8080',
    'wss://host:443': 'wss://host',
    'tcp://db:03306': 'tcp://db:3306',
    'tls://[::1]:3307': 'tls://[::1]:3307',
    'https://127.0.0.1': 'https://127.0.0.1',
    'https://*.Example.com': 'https://*.example.com',
    'https://example.com.': 'https://example.com',
  }
  for (const [text, origin] of Object.entries(cases)) t.is(readOrigin(text), origin)
})

for (const [text, why] of [
  ['https://api.example.com/v1', /is no origin such as/],
  ['api.example.com', /is no origin such as/],
  ['https://a b', /is no name of a host/],
  ['https://user:pw@host', /a user and a password are no part/],
  ['https://*', /a wildcard is the first part/],
  ['https://*.com', /a wildcard is the first part/],
  ['https://a.*.com', /a wildcard is the first part/],
  ['tcp://db', /needs a port, such as tcp:\/\/db:3306/],
  ['tcp://db:0', /"0" is no port/],
  ['tcp://db:70000', /"70000" is no port/],
  ['tpc://db:1', /there is no scheme "tpc"; did you mean "tcp"\?/],
  ['https://1.2.3', /is no name of a host/],
  ['https://host\0', /is no name of a host/],
  ['https://', /is no name of a host/],
] as const) {
  test(`asking for ${JSON.stringify(text)} is refused`, (t) => {
    t.throws(() => readOrigin(text), { instanceOf: InstallError, message: why })
  })
}

test('both ways to ask for a private folder are understood', (t) => {
  const asked = (files: object) => readPermissions({ files }).files
  t.deepEqual(asked({ quotaBytes: 5 }), { private: { quotaBytes: 5 } })
  t.deepEqual(asked({ private: { quotaBytes: 5 } }), { private: { quotaBytes: 5 } })
  t.deepEqual(asked({ private: true }), { private: { quotaBytes: 1_048_576 } })
  t.deepEqual(asked({ folders: { input: 'read' } }), { folders: { input: 'read' } })
  for (const name of ['private', 'etc', '../x', '', 'a/b'])
    t.throws(() => asked({ folders: { [name]: 'read' } }), { message: /is no name for a folder/ })
})

test.serial('what is asked in a way that nobody can grant is refused', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const cases: [object, RegExp][] = [
    [{ network: ['https://x/y'] }, /permissions\.network: "https:\/\/x\/y" is no origin/],
    [{ netwrok: [] }, /plutino\.permissions\.netwrok: there is no such key/],
    [{ files: { quotaBytes: -1 } }, /permissions\.files\.quotaBytes: must be >= 1/],
    [{ files: { folders: { a: 'execute' } } }, /permissions\.files\.folders\.a/],
    [{ secrets: ['a b'] }, /permissions\.secrets\.0/],
  ]
  for (const [asked, message] of cases) {
    const file = zip('bad.zip', packageFiles('1.0.0', { plutino: { permissions: asked } }))
    t.regex(await told(host.install(T, 'sink', { name: 'shout', file })), message)
  }
  t.deepEqual(host.list(T, 'sink'), [])
})

test.serial('an installation grants all, some or none', async (t) => {
  const { host, zip, folder } = await makePluginHost(t)
  const file = zip('a.zip', files())
  const install = async (grants: unknown) => {
    const { notes } = await host.install(T, 'sink', { name: 'shout', file, grants })
    const given = host.describe(T, 'sink', 'shout')?.grants.given as { power: string; to: string }[]
    await host.remove(T, 'sink', 'shout')
    return [given.map(({ power, to }) => `${power} ${to}`), notes.length] as const
  }
  const all = ['network https://api.example.com', 'network tcp://db:3306', 'files private']
  t.deepEqual(await install('none'), [[], 1])
  t.deepEqual(await install({ secrets: ['apiKey'] }), [['secrets apiKey'], 1])
  t.deepEqual(await install('all'), [[...all, 'secrets apiKey'], 1])
  const every = await install({ all: true, files: { input: folder } })
  t.deepEqual(every, [[...all, 'secrets apiKey', 'files input'], 0])
  t.regex(
    await told(host.install(T, 'sink', { name: 'shout', file, grants: { secrets: ['other'] } })),
    /sink "shout" does not ask for secrets "other"; it asks for "apiKey"/,
  )
  t.regex(
    await told(host.install(T, 'sink', { name: 'shout', file, grants: 'some' })),
    /grants of sink "shout": .*expected is "all", "none" or/,
  )
  t.deepEqual(host.list(T, 'sink'), [])
})

test.serial('a folder that is not there is granted with a warning that names it', async (t) => {
  const { host, zip, folder, write } = await makePluginHost(t)
  const path = join(folder, 'later')
  const missing = `folder "input" of package "@acme/tools" is bound to ${path}, which does not exist on the server's machine: make it, or grant another path`
  const grants = { all: true, files: { input: path } }
  const file = zip('a.zip', files())
  const { notes } = await host.install(T, 'sink', { name: 'shout', file, grants })
  t.deepEqual(notes, [missing])
  t.deepEqual(await host.grant(T, 'sink', 'shout', { files: { input: path } }), [missing])
  const [noFolder = ''] = await host.grant(T, 'sink', 'shout', {
    files: { input: join(folder, 'a.zip') },
  })
  t.regex(noFolder, /a\.zip, which is no folder: make it, or grant another path$/)
  t.deepEqual(
    await host.grant(T, 'sink', 'shout', { secrets: ['apiKey'], files: { input: folder } }),
    [],
  )
  const told: string[] = []
  await host.revoke(T, 'sink', 'shout')
  write('etc/grants.yaml', `"@acme/tools": {files: {input: ${path}}}\n`)
  await host.readPolicy(T)
  await host.watch({
    tenant: T,
    folder: join(folder, 'plugins'),
    restart: async () => {},
    report: (level, message) => void told.push(`${level} ${message}`),
  })
  t.deepEqual(told, [`warn ${missing}`])
})

test.serial('a grant of nothing says what there is to grant, and how', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const asks = (asked: object) => packageFiles('1.0.0', { plutino: { permissions: asked } })
  const refusal = async (asked: object, grants: unknown) => {
    const file = zip('a.zip', asks(asked))
    await host.install(T, 'sink', { name: 'shout', file })
    const text = await told(host.grant(T, 'sink', 'shout', grants))
    await host.remove(T, 'sink', 'shout')
    return text
  }
  t.is(
    await refusal({ files: { folders: { input: 'read' } } }, { all: true }),
    'no power of sink "shout" is named; it asks for files input, and a folder is granted with its path: POST /plugins/sinks/shout/grants, plutino plugin grant shout --grant files.input=PATH',
  )
  t.is(
    await refusal({ secrets: ['apiKey'] }, {}),
    'no power of sink "shout" is named; it asks for secrets apiKey: POST /plugins/sinks/shout/grants, plutino plugin grant shout --grant secrets=apiKey',
  )
  t.is(await refusal({}, 'all'), 'no power of sink "shout" is named; it asks for none')
})

test.serial('grants are taken back, some or all of them', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const grants = { all: true, files: { input: '/data/in' } }
  await host.install(T, 'sink', { name: 'shout', file: zip('a.zip', files()), grants })
  await host.revoke(T, 'source', 'tail', {
    network: ['https://api.example.com/'],
    files: { input: true },
  })
  const given = () => givenTo(host).map(({ to }) => to)
  t.deepEqual(given(), ['tcp://db:3306', 'private', 'apiKey'])
  await host.revoke(T, 'sink', 'shout')
  t.deepEqual(given(), [])
})

test.serial(
  'powers are real paths, quotas and values; what waits is named with the call',
  async (t) => {
    const secrets = async () => new Map([['APIKEY', 'hunter2']])
    const { host, zip, folder } = await makePluginHost(t, { secrets })
    await host.install(T, 'sink', {
      name: 'shout',
      file: zip('a.zip', { ...files(), 'etc/table.csv': '1' }),
    })
    const use = host.resolve(T, 'sink', 'shout')?.use
    if (use === undefined) return t.fail()
    const none = await host.powers(T, use)
    t.like(none, {
      network: [],
      secrets: {},
      grantCall: 'POST /plugins/sinks/shout/grants, plutino plugin grant shout',
    })
    t.deepEqual(Object.keys(none.files.folders), ['etc'])
    t.is(none.asked.length, 5)
    await host.grant(T, 'sink', 'shout', { all: true, files: { input: '/data/in' } })
    const all = await host.powers(T, use)
    t.deepEqual(all.network, ['https://api.example.com', 'tcp://db:3306'])
    t.deepEqual(all.secrets, { apiKey: 'hunter2' })
    t.deepEqual(all.asked, [])
    t.is(all.files.private?.quotaBytes, 1000)
    t.true(all.files.private?.path.startsWith(join(folder, 'data', 'files', T)))
    t.deepEqual(all.files.folders.input, { path: '/data/in', access: 'read' })
    t.is(all.files.folders.etc?.access, 'read')
  },
)

test.serial('a grant is for every version of the package that asks for it', async (t) => {
  const { host, zip } = await makePluginHost(t)
  await host.install(T, 'sink', { name: 'shout', file: zip('a.zip', files('1.0.0')) })
  await host.install(T, 'sink', {
    name: 'shout',
    file: zip('b.zip', files('2.0.0', { network: ['tcp://new:1'] })),
  })
  await host.grant(T, 'sink', 'shout', 'all')
  const networks = async (range: string) => {
    const use = host.resolve(T, 'sink', 'shout', range)?.use
    return use === undefined ? undefined : (await host.powers(T, use)).network
  }
  t.deepEqual([await networks('^1'), await networks('^2')], [[], ['tcp://new:1']])
})

test.serial('a package is found by its name, and by that of its only extension', async (t) => {
  const { host, zip } = await makePluginHost(t)
  await host.install(T, 'sink', { name: 'shout', file: zip('a.zip', packageFiles('1.0.0')) })
  t.deepEqual(host.find(T, 'shout'), { kind: 'sink', name: 'shout' })
  t.is(host.find(T, '@acme/tools')?.kind, 'function')
  t.is(host.find(T, 'tools'), undefined)
  const other = packageFiles('1.0.0', {
    name: 'b',
    plutino: { sources: { shout: 'index.js#Tail' }, sinks: {}, functions: {} },
  })
  await host.install(T, 'source', { name: 'shout', file: zip('b.zip', other) })
  t.throws(() => host.find(T, 'shout'), {
    message: /packages @acme\/tools, b have a plugin "shout"/,
  })
})

test.serial(
  'the policy file gives at once what is asked for, and takes it away again',
  async (t) => {
    const { host, zip, folder, write } = await makePluginHost(t)
    const put = async (text: string) => {
      write('etc/grants.yaml', text)
      return host.readPolicy(T)
    }
    t.deepEqual(
      await put(
        '"@acme/tools":\n  network: [tcp://db:3306, tcp://unasked:1]\n  files: {input: /data/in}\n',
      ),
      [],
    )
    const { notes } = await host.install(T, 'sink', { name: 'shout', file: zip('a.zip', files()) })
    t.regex(
      notes.join(),
      /^it asks for network https:\/\/api.example.com, files private, secrets apiKey and has/,
    )
    const from = 'etc/grants.yaml'
    t.deepEqual(host.describe(T, 'sink', 'shout')?.grants.given, [
      { power: 'network', to: 'tcp://db:3306', from },
      { power: 'files', to: 'input', path: '/data/in', from },
    ])
    t.is(
      await told(host.revoke(T, 'sink', 'shout', { network: ['tcp://db:3306'] })),
      'network tcp://db:3306 of sink "shout" is granted by etc/grants.yaml; take it back there',
    )
    t.deepEqual(await put('other: all\n"@acme/tools": none\n'), ['@acme/tools'])
    t.deepEqual(host.describe(T, 'sink', 'shout')?.grants.given, [])
    t.deepEqual(await put(`"@acme/tools": {all: true, sha256: ${'a'.repeat(64)}}\n`), [])
    const digest = String(host.describe(T, 'sink', 'shout')?.sha256)
    t.deepEqual(await put(`"@acme/tools": {all: true, sha256: [${digest}]}\n`), ['@acme/tools'])
    for (const bad of [
      '"@acme/tools": {netwrok: []}',
      '"@acme/tools": {files: {input: in}}',
      'x: yes please',
    ])
      t.regex(
        await told(put(bad)),
        new RegExp(`^${join(folder, 'etc', 'grants.yaml')}: grants of package`),
      )
    t.is(givenTo(host).length, 4)
    t.regex(await told(put('a: {]')), /grants\.yaml, line 1/)
  },
)
