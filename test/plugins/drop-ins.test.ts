import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DropIns } from '#host/plugins/drop-ins.ts'
import { InstallError } from '#host/plugins/errors.ts'
import type { Wish } from '#host/plugins/installer.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'
import { until } from '#test/fixtures/until.ts'
import { zipOf } from '#test/fixtures/zip.ts'

const T = 'default'

async function start(t: ExecutionContext, files: Readonly<Record<string, string | Buffer>> = {}) {
  const made = await makePluginHost(t)
  const folder = join(made.folder, 'plugins')
  const lines: string[] = []
  const restarted: string[] = []
  /** Old enough to be taken at the first look. */
  const put = (name: string, content: string | Buffer, at = Date.now() / 1000 - 60) => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(`${path}.part`, content)
    renameSync(`${path}.part`, path)
    utimesSync(path, at, at)
  }
  for (const [name, content] of Object.entries(files)) put(name, content)
  await made.host.watch({
    tenant: T,
    folder,
    restart: async (_tenant, name) => void restarted.push(name),
    report: (level, message) => void lines.push(`${level} ${message}`),
  })
  return { ...made, folder, put, lines, restarted }
}

const echo = (text: string) => `exports.Echo = { exec: () => ${JSON.stringify(text)} }`

test.serial(
  'scripts, zips and packages are installed at start, a bad one is named and stops nothing',
  async (t) => {
    const { host, lines, read } = await start(t, {
      'functions/Echo@v1.2.0.js': echo('one'),
      'sources/Ticks.js': 'exports.Ticks = class { configure() {} open() {} close() {} }',
      'sources/ticks.yaml': 'default:\n  every: 5\n',
      'sinks/Mail@v2.zip': zipOf({
        'Mail@v2.js': 'exports.Mail = class { configure() {} open() {} collect() {} close() {} }',
      }),
      'tools.zip': zipOf(packageFiles('3.0.0', { plutino: { functions: {} } })),
      'sinks/broken.zip': 'no zip at all',
      'functions/Bad.js': 'exports.Bad = { no: 1 }',
      'functions/.hidden.js': echo('x'),
      'functions/readme.md': 'x',
    })
    t.deepEqual(
      [host.list(T, 'function'), host.list(T, 'source'), host.list(T, 'sink')],
      [['echo'], ['tail', 'ticks'], ['mail', 'shout']],
    )
    t.like(host.describe(T, 'function', 'echo'), {
      version: '1.2.0',
      dropIn: 'functions/Echo@v1.2.0.js',
    })
    t.is(read('etc/sources/ticks.yaml'), 'default:\n  every: 5\n')
    const problems = host.dropIns().problems
    t.deepEqual(problems.map(({ file }) => file).sort(), ['functions/Bad.js', 'sinks/broken.zip'])
    t.regex(
      problems.find(({ file }) => file === 'functions/Bad.js')?.message ?? '',
      /function "bad" of plugin bad has no method/,
    )
    t.is(lines.filter((line) => line.startsWith('warn plugins/sinks/broken.zip: ')).length, 1)
  },
)

test.serial('what comes, changes and goes while the host runs is followed', async (t) => {
  const { host, put, folder, restarted } = await start(t)
  put('functions/Echo.js', echo('one'))
  await until('what the test waits for', () => host.list(T, 'function').length === 1)
  const text = async () => {
    const use = host.resolve(T, 'function', 'echo')?.use
    return use === undefined ? '' : (await host.load(T, use)).text
  }
  t.true((await text()).includes('one'))
  put('functions/Echo.js', echo('two'), Date.now() / 1000 - 30)
  await until('what the test waits for', () => restarted.length === 1)
  t.true((await text()).includes('two'))
  t.deepEqual(host.describe(T, 'function', 'echo')?.versions, [''])
  rmSync(join(folder, 'functions', 'Echo.js'))
  await until('what the test waits for', () => host.list(T, 'function').length === 0)
})

test.serial('a change that is bad leaves what was there', async (t) => {
  const { host, put } = await start(t, { 'functions/Echo.js': echo('one') })
  put('functions/Echo.js', 'exports.Echo = 5', Date.now() / 1000 - 30)
  await until('what the test waits for', () => host.dropIns().problems.length === 1)
  t.deepEqual(host.list(T, 'function'), ['echo'])
  put('functions/Echo.js', echo('three'), Date.now() / 1000 - 20)
  await until('what the test waits for', () => host.dropIns().problems.length === 0)
})

test.serial('what a rule uses stays when its file goes, until nothing uses it', async (t) => {
  const { host, folder, uses } = await start(t, { 'functions/Echo.js': echo('one') })
  uses.set('function echo', ['alarm'])
  rmSync(join(folder, 'functions', 'Echo.js'))
  await until('what the test waits for', () => host.dropIns().problems.length === 1)
  t.regex(
    host.dropIns().problems[0]?.message ?? '',
    /^the file is gone, but function plugin "echo" is used by rule alarm; .*; it goes when nothing uses it$/,
  )
  t.deepEqual(host.list(T, 'function'), ['echo'])
  uses.clear()
  await until('what the test waits for', () => host.list(T, 'function').length === 0)
  await until('what the test waits for', () => host.dropIns().problems.length === 0)
})

test.serial(
  'its powers come from etc/grants.yaml only, and it is changed by its file only',
  async (t) => {
    const permissions = { secrets: ['apiKey'] }
    const zip = zipOf(packageFiles('1.0.0', { plutino: { permissions } }))
    const { host, lines } = await start(t, { 'tools.zip': zip })
    t.regex(
      lines.join('\n'),
      /it asks for secrets apiKey and has no such power until it is granted: etc\/grants\.yaml, package "@acme\/tools"/,
    )
    const told = async (work: () => Promise<unknown>) =>
      (await t.throwsAsync(work, { instanceOf: InstallError }))?.message
    t.is(
      await told(() => host.grant(T, 'sink', 'shout', 'all')),
      'package "@acme/tools" came from plugins/tools.zip: grant it in etc/grants.yaml',
    )
    t.is(
      await told(() => host.remove(T, 'sink', 'shout')),
      'package "@acme/tools" came from plugins/tools.zip: remove that file',
    )
    t.is(
      await told(() => host.replace(T, 'sink', { name: 'shout', file: 'file:///x.zip' })),
      'package "@acme/tools" came from plugins/tools.zip: replace that file',
    )
  },
)

test('half of a file is not taken', async (t) => {
  const folder = makeFolder(t, { 'functions/Echo.js': 'exports.Ec' })
  const wishes: Wish[] = []
  const dropIns = new DropIns({
    folder,
    records: () => [],
    install: async (wish) => {
      wishes.push(wish)
      return { package: 'echo', version: '', names: ['echo'], notes: [] }
    },
    remove: async () => {},
    changed: async () => {},
    report() {},
  })
  await dropIns.look()
  writeFileSync(join(folder, 'functions/Echo.js'), echo('whole'))
  await dropIns.look()
  t.is(wishes.length, 0)
  await dropIns.look()
  t.is(wishes.length, 1)
  await dropIns.look()
  t.is(wishes.length, 1)
})
