import { existsSync } from 'node:fs'
import test from 'ava'
import { InstallError, type InstallErrorCode } from '#host/plugins/errors.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'

const T = 'default'

const told = async (done: Promise<unknown>): Promise<readonly [InstallErrorCode, string]> => {
  try {
    await done
  } catch (error) {
    if (error instanceof InstallError) return [error.code, error.message]
    throw error
  }
  throw new Error('it went through')
}

test.serial('a package is listed under each of its names, and described', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const file = zip('a.zip', packageFiles('1.2.0'))
  const result = await host.install(T, 'function', { name: 'echo', file })
  t.deepEqual(result, {
    package: '@acme/tools',
    version: '1.2.0',
    names: ['tail', 'shout', 'echo', 'total'],
    notes: [],
  })
  t.deepEqual(host.list(T, 'source'), ['tail'])
  t.deepEqual(host.list(T, 'sink'), ['shout'])
  t.deepEqual(host.list(T, 'function'), ['echo', 'total'])
  t.deepEqual(host.list('other', 'function'), [])
  const described = host.describe(T, 'function', 'total')
  if (described === undefined) return t.fail()
  const { sha256, ...description } = described
  t.regex(String(sha256), /^[0-9a-f]{64}$/)
  t.deepEqual(description, {
    name: 'total',
    version: '1.2.0',
    functions: ['echo', 'total'],
    package: '@acme/tools',
    versions: ['1.2.0'],
    tier: 'sandboxed',
    file,
    grants: { asked: {}, given: [] },
    rules: [],
    uses: [],
  })
  t.is(host.describe(T, 'function', 'tail'), undefined)
})

test.serial(
  'versions stand side by side: the latest, a range and an exact one are found',
  async (t) => {
    const { host, zip } = await makePluginHost(t)
    for (const version of ['1.10.0', '1.9.0', '2.0.0']) {
      await host.install(T, 'source', {
        name: 'tail',
        file: zip(`${version}.zip`, packageFiles(version)),
      })
    }
    const version = (range?: string) => host.resolve(T, 'function', 'echo', range)?.use.version
    t.deepEqual(
      [version(), version('^1'), version('~1.9'), version('1.9.0'), version('^3')],
      ['2.0.0', '1.10.0', '1.9.0', '1.9.0', undefined],
    )
    t.deepEqual(host.describe(T, 'sink', 'shout')?.versions, ['2.0.0', '1.10.0', '1.9.0'])
    t.like(host.resolve(T, 'function', 'total'), { isAggregate: true })
    t.like(host.resolve(T, 'function', 'echo'), { isAggregate: false })
    const use = host.resolve(T, 'function', 'echo', '^1')?.use
    if (use === undefined) return t.fail()
    const code = await host.load(T, use)
    t.true(code.text.includes('1.10.0'))
    t.like(code, {
      package: '@acme/tools',
      version: '1.10.0',
      kind: 'function',
      name: 'echo',
      export: 'Echo',
    })
  },
)

test.serial('everything is there again after a restart', async (t) => {
  const first = await makePluginHost(t)
  await first.host.install(T, 'sink', {
    name: 'shout',
    file: first.zip('a.zip', packageFiles('1.0.0')),
  })
  const before = first.host.describe(T, 'sink', 'shout')
  await first.host.close()
  first.catalog.close()
  const { host } = await makePluginHost(t, { base: first.folder })
  t.deepEqual(host.describe(T, 'sink', 'shout'), before)
  const use = host.resolve(T, 'sink', 'shout')?.use
  if (use === undefined) return t.fail()
  t.is((await host.load(T, use)).export, 'Shout')
})

test.serial('the same version again is refused, however it is written', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const script = { 'Echo@20200331.js': 'exports.Echo = { exec() {} }' }
  await host.install(T, 'function', { name: 'echo', file: zip('a.zip', script) })
  const again = zip('b.zip', { 'Echo@v20200331.js': 'exports.Echo = { exec() {} }' })
  t.deepEqual(await told(host.install(T, 'function', { name: 'echo', file: again })), [
    'duplicate',
    'invalid name echo: duplicate; version "20200331" of package "echo" is installed; PUT replaces it',
  ])
  t.is((await host.replace(T, 'function', { name: 'echo', file: again })).version, '20200331')
})

test.serial(
  'two packages with one name, and the name of what is built in, are refused',
  async (t) => {
    const { host, zip } = await makePluginHost(t)
    await host.install(T, 'sink', { name: 'shout', file: zip('a.zip', packageFiles('1.0.0')) })
    const other = zip(
      'b.zip',
      packageFiles('1.0.0', { name: 'others', plutino: { sources: {}, functions: {} } }),
    )
    t.deepEqual(await told(host.install(T, 'sink', { name: 'shout', file: other })), [
      'duplicate',
      'invalid name shout: duplicate; package "@acme/tools" brings a sink of this name already; remove that one first',
    ])
    t.deepEqual(await told(host.install(T, 'sink', { name: 'mqtt', file: other })), [
      'duplicate',
      'invalid name mqtt: duplicate; a sink of this name is built in',
    ])
    const hidden = zip(
      'c.zip',
      packageFiles('1.0.0', {
        name: 'hidden',
        plutino: {
          sources: { x: 'index.js#Tail' },
          sinks: { mqtt: 'index.js#Shout' },
          functions: {},
        },
      }),
    )
    t.deepEqual(await told(host.install(T, 'source', { name: 'x', file: hidden })), [
      'duplicate',
      'invalid name mqtt: duplicate; a sink of this name is built in',
    ])
    t.deepEqual(host.list(T, 'source'), ['tail'])
  },
)

test.serial('a source and a sink of one name in Kuiper’s layout do not meet', async (t) => {
  const { host, zip } = await makePluginHost(t)
  const source = zip('a.zip', {
    'Zmq@v1.js': 'exports.Zmq = class { configure() {} open() {} close() {} }',
  })
  const sink = zip('b.zip', {
    'Zmq@v1.js': 'exports.Zmq = class { configure() {} open() {} collect() {} close() {} }',
  })
  await host.install(T, 'source', { name: 'zmq', file: source })
  await host.install(T, 'sink', { name: 'zmq', file: sink })
  await host.remove(T, 'source', 'zmq')
  t.deepEqual([host.list(T, 'source'), host.list(T, 'sink')], [[], ['zmq']])
  const use = host.resolve(T, 'sink', 'zmq')?.use
  if (use === undefined) return t.fail()
  t.true((await host.load(T, use)).text.includes('collect'))
})

test.serial('a bad name and shellParas are refused before anything is fetched', async (t) => {
  const { host } = await makePluginHost(t)
  const file = 'http://127.0.0.1:1/x.zip'
  t.deepEqual(await told(host.install(T, 'sink', { name: '', file })), [
    'bad-request',
    'invalid name : should not be empty',
  ])
  t.deepEqual(await told(host.install(T, 'sink', { name: '../x', file })), [
    'bad-request',
    'invalid name ../x: it must consist of at most 100 letters, digits, _ and -',
  ])
  t.deepEqual(await told(host.install(T, 'sink', { name: 'x', file, shellParas: ['-v'] })), [
    'bad-request',
    'shellParas is refused: no script of a plugin is ever run; put what the plugin needs into its zip',
  ])
  t.deepEqual(await told(host.replace(T, 'sink', { name: 'x', file })), [
    'unknown-plugin',
    'invalid name x: not exist',
  ])
})

test.serial(
  'a replacement is what is used from then on, lower versions stay, higher ones go',
  async (t) => {
    const { host, zip } = await makePluginHost(t)
    const at = (version: string) => ({
      name: 'echo',
      file: zip(`${version}.zip`, packageFiles(version)),
    })
    await host.install(T, 'function', at('1.0.0'))
    await host.replace(T, 'function', at('2.0.0'))
    t.is(host.resolve(T, 'function', 'echo')?.use.version, '2.0.0')
    t.is(host.resolve(T, 'function', 'echo', '^1')?.use.version, '1.0.0')
    const { notes } = await host.replace(T, 'function', at('1.5.0'))
    t.deepEqual(notes, ['version 2.0.0 was removed, which would have been used in its place'])
    t.deepEqual(host.describe(T, 'function', 'echo')?.versions, ['1.5.0', '1.0.0'])
  },
)

test.serial('after a replacement by the same version the new text is loaded', async (t) => {
  const { host, zip, files } = await makePluginHost(t)
  const script = (value: number) => ({ 'Echo.js': `exports.Echo = { exec: () => ${value} }` })
  await host.install(T, 'function', { name: 'echo', file: zip('a.zip', script(111)) })
  const use = host.resolve(T, 'function', 'echo')?.use
  if (use === undefined) return t.fail()
  const old = await host.load(T, use)
  const many = Array.from({ length: 20 }, () => host.load(T, use))
  await host.replace(T, 'function', { name: 'echo', file: zip('b.zip', script(222)) })
  t.true(old.text.includes('111'))
  for (const { text } of await Promise.all(many)) t.regex(text, /111|222/)
  t.true((await host.load(T, use)).text.includes('222'))
  t.deepEqual(files(), ['script-0.cjs', 'script-0.cjs.map'])
})

test.serial('a replacement that lacks what a rule uses is refused', async (t) => {
  const { host, zip, uses } = await makePluginHost(t)
  await host.install(T, 'function', { name: 'echo', file: zip('a.zip', packageFiles('1.0.0')) })
  uses.set('sink shout', ['alarm', 'news'])
  const less = packageFiles('1.0.0', { plutino: { sinks: {} } })
  t.deepEqual(await told(host.replace(T, 'function', { name: 'echo', file: zip('b.zip', less) })), [
    'in-use',
    'sink plugin "shout" is used by rules alarm, news; stop or change them first',
  ])
  t.deepEqual(host.list(T, 'sink'), ['shout'])
})

test.serial('what is in use is not removed, and neither is what came with it', async (t) => {
  const { host, zip, uses, files } = await makePluginHost(t)
  await host.install(T, 'function', { name: 'echo', file: zip('a.zip', packageFiles('1.0.0')) })
  uses.set('sink shout', ['alarm'])
  const why = [
    'in-use',
    'sink plugin "shout" is used by rule alarm; stop or change it first, or add ?force=true',
  ] as const
  t.deepEqual(await told(host.remove(T, 'sink', 'shout')), why)
  t.deepEqual(await told(host.remove(T, 'source', 'tail')), why)
  t.deepEqual(host.describe(T, 'sink', 'shout')?.rules, ['alarm'])
  uses.clear()
  await host.remove(T, 'source', 'tail')
  t.deepEqual(
    [host.list(T, 'source'), host.list(T, 'sink'), host.list(T, 'function')],
    [[], [], []],
  )
  t.deepEqual(files(), [])
  t.deepEqual(await told(host.remove(T, 'source', 'tail')), [
    'unknown-plugin',
    'invalid name tail: not exist',
  ])
})

test.serial('install.sh is never run, and that is said', async (t) => {
  const { host, zip, files } = await makePluginHost(t)
  const marker = `${import.meta.filename}.ran`
  const file = zip('a.zip', {
    'Echo@v1.js': 'exports.Echo = { exec() {} }',
    'install.sh': `#!/bin/sh\ntouch ${marker}\n`,
  })
  const { notes } = await host.install(T, 'function', { name: 'echo', file })
  t.deepEqual(notes, ['install.sh in the zip was not run: no script of a plugin ever is'])
  t.is(
    host.describe(T, 'function', 'echo')?.installScript,
    'the zip holds an install.sh, which is never run',
  )
  t.false(files().includes('install.sh'))
  t.false(existsSync(marker))
})

test.serial(
  'functions of one script: those in the body, and those that are registered later',
  async (t) => {
    const { host, zip } = await makePluginHost(t)
    const file = zip('a.zip', {
      'Geo@v2.js':
        'exports.Near = { exec() {} }\nexports.far = { exec() {}, isAggregate: () => true }',
    })
    await host.install(T, 'function', { name: 'geo', file, functions: ['near'] })
    t.deepEqual(host.list(T, 'function'), ['near'])
    t.like(host.describe(T, 'function', 'geo'), { name: 'geo', version: '2', functions: ['near'] })
    await host.register(T, 'geo', ['near', 'far'])
    t.deepEqual(host.describe(T, 'function', 'geo')?.functions, ['near', 'far'])
    t.true(host.resolve(T, 'function', 'far')?.isAggregate)
    t.deepEqual(await told(host.register(T, 'geo', ['wide'])), [
      'bad-plugin',
      'fail to install plugin: package "geo": function "wide" of plugin geo@2 is not exported: "wide" or a default export is wanted, there is "Near", "far"',
    ])
    t.deepEqual(await told(host.register(T, 'geo', [])), [
      'bad-request',
      "property 'functions' must not be empty",
    ])
    await host.remove(T, 'function', 'geo')
    t.deepEqual(host.list(T, 'function'), [])
  },
)

test.serial('what a plugin asks for is said, and only that can be granted', async (t) => {
  const { host, zip, folder } = await makePluginHost(t)
  const permissions = {
    network: ['tcp://db:3306'],
    files: { private: { quotaBytes: 1000 }, folders: { input: 'read' } },
    secrets: ['apiKey'],
  }
  const files = (version: string, more: object = {}) =>
    packageFiles(version, { plutino: { permissions: { ...permissions, ...more } } })
  const { notes } = await host.install(T, 'sink', {
    name: 'shout',
    file: zip('a.zip', files('1.0.0')),
  })
  t.deepEqual(notes, [
    'it asks for network tcp://db:3306, files private, files input, secrets apiKey and has no such power until it is granted: POST /plugins/sinks/shout/grants, plutino plugin grant shout --grant network=tcp://db:3306 --grant files.private --grant files.input=PATH --grant secrets=apiKey',
  ])
  t.deepEqual(host.describe(T, 'sink', 'shout')?.grants, { asked: permissions, given: [] })
  await host.grant(T, 'sink', 'shout', { network: ['tcp://db:3306'], files: { input: folder } })
  const given = [
    { power: 'network', to: 'tcp://db:3306' },
    { power: 'files', to: 'input', path: folder },
  ]
  t.deepEqual(host.describe(T, 'source', 'tail')?.grants.given, given)
  t.deepEqual(await told(host.grant(T, 'sink', 'shout', { network: ['tcp://db:3307'] })), [
    'bad-request',
    'sink "shout" does not ask for network "tcp://db:3307"; it asks for "tcp://db:3306"; did you mean "tcp://db:3306"?',
  ])
  t.deepEqual(await told(host.grant(T, 'sink', 'shout', {})), [
    'bad-request',
    'no power of sink "shout" is named; it asks for network tcp://db:3306, files private, files input, secrets apiKey, and a folder is granted with its path: POST /plugins/sinks/shout/grants, plutino plugin grant shout --grant files.private --grant secrets=apiKey',
  ])
  t.deepEqual(await told(host.grant(T, 'sink', 'shout', { files: { input: 'in' } })), [
    'bad-request',
    'grants of sink "shout": files "input" must be bound to an absolute path',
  ])
  const upgrade = await host.replace(T, 'sink', {
    name: 'shout',
    file: zip('b.zip', files('1.1.0', { network: ['tcp://db:3306', 'tcp://new:1'] })),
  })
  t.deepEqual(host.describe(T, 'sink', 'shout')?.grants.given, given)
  t.deepEqual(upgrade.notes, [
    'it asks for network tcp://new:1, files private, secrets apiKey and has no such power until it is granted: POST /plugins/sinks/shout/grants, plutino plugin grant shout --grant network=tcp://new:1 --grant files.private --grant secrets=apiKey',
  ])
})
