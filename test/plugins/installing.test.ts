import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { PluginRecords } from '#host/catalog/plugins.ts'
import { InstallError } from '#host/plugins/errors.ts'
import { serve } from '#test/fixtures/http.ts'
import { makePluginHost, packageFiles } from '#test/fixtures/plugin-host.ts'

const T = 'default'

test.serial(
  'a source’s yaml is placed, kept up to date while nobody touches it, and goes with the plugin',
  async (t) => {
    const { host, zip, read, files } = await makePluginHost(t)
    const at = (version: string) => ({ name: 'tail', file: zip('a.zip', packageFiles(version)) })
    t.deepEqual((await host.install(T, 'source', at('1.0.0'))).notes, [])
    t.is(read('etc/sources/tail.yaml'), 'default:\n  from: "1.0.0"\n')
    t.deepEqual((await host.replace(T, 'source', at('1.1.0'))).notes, [])
    t.is(read('etc/sources/tail.yaml'), 'default:\n  from: "1.1.0"\n')
    await host.remove(T, 'source', 'tail')
    t.deepEqual(files(), [])
  },
)

test.serial('a yaml that the operator wrote or changed is never touched', async (t) => {
  const { host, zip, read, write, files } = await makePluginHost(t)
  write('etc/sources/tail.yaml', 'mine: 1\n')
  const at = (version: string) => ({ name: 'tail', file: zip('a.zip', packageFiles(version)) })
  const beside = [
    "etc/sources/tail.yaml was left as it is; the plugin's new default lies beside it as tail.yaml.new",
  ]
  t.deepEqual((await host.install(T, 'source', at('1.0.0'))).notes, beside)
  t.deepEqual((await host.replace(T, 'source', at('1.1.0'))).notes, beside)
  t.is(read('etc/sources/tail.yaml'), 'mine: 1\n')
  t.is(read('etc/sources/tail.yaml.new'), 'default:\n  from: "1.1.0"\n')
  await host.remove(T, 'source', 'tail')
  t.is(read('etc/sources/tail.yaml'), 'mine: 1\n')
  t.true(files().includes('tail.yaml'))
})

test.serial(
  'where the yaml cannot be written the plugin is installed, and that is said',
  async (t) => {
    const { host, zip, write } = await makePluginHost(t)
    write('etc/sources', 'a file, no folder')
    const { notes } = await host.install(T, 'source', {
      name: 'tail',
      file: zip('a.zip', packageFiles('1.0.0')),
    })
    t.is(notes.length, 1)
    t.regex(
      notes[0] ?? '',
      /^etc\/sources\/tail\.yaml could not be written \(E.*\); without it the source has no configuration$/,
    )
    t.deepEqual(host.list(T, 'source'), ['tail'])
  },
)

test.serial(
  'a scoped package lies in one folder, with its scripts and its etc, all of it read-only',
  async (t) => {
    const { host, zip, folder } = await makePluginHost(t)
    const file = zip('a.zip', { ...packageFiles('1.0.0'), 'etc/regions/eu.json': '{}' })
    await host.install(T, 'sink', { name: 'shout', file })
    const packages = join(folder, 'data', 'packages', T)
    const [only = '', ...more] = readdirSync(packages)
    t.deepEqual(more, [])
    t.regex(only, /^@acme%2Ftools@1\.0\.0-[0-9a-f]{8}$/)
    t.deepEqual(readdirSync(join(packages, only), { recursive: true }).map(String).sort(), [
      'etc',
      'etc/regions',
      'etc/regions/eu.json',
      'script-0.cjs',
      'script-0.cjs.map',
      'script-1.cjs',
      'script-1.cjs.map',
    ])
  },
)

test.serial('a script that was changed on disk is not loaded', async (t) => {
  const { host, zip, folder } = await makePluginHost(t)
  await host.install(T, 'function', {
    name: 'echo',
    file: zip('a.zip', { 'Echo.js': 'exports.Echo = { exec() {} }' }),
  })
  const [name = ''] = readdirSync(join(folder, 'data', 'packages', T))
  const script = join(folder, 'data', 'packages', T, name, 'script-0.cjs')
  chmodSync(script, 0o644)
  writeFileSync(script, 'exports.Echo = { exec: () => "evil" }')
  const use = host.resolve(T, 'function', 'echo')?.use
  if (use === undefined) return t.fail()
  await t.throwsAsync(host.load(T, use), {
    instanceOf: InstallError,
    message: 'script "Echo.js" of the installed plugin was changed on disk; install it again',
  })
})

const echo = (text: string) => ({ 'Echo.js': text })
const whole = 'exports.Echo = { exec() {} }'

const leavesNothing = test.macro(
  async (t, files: Record<string, string>, message: string | RegExp) => {
    const made = await makePluginHost(t)
    const started = performance.now()
    const done = made.host.install(T, 'function', { name: 'echo', file: made.zip('a.zip', files) })
    await t.throwsAsync(done, { instanceOf: InstallError, message })
    t.true(performance.now() - started < 20_000)
    t.deepEqual(made.files(), [])
    t.deepEqual(made.catalog.plugins.list(T), [])
    t.is(made.host.describe(T, 'function', 'echo'), undefined)
    // and the next installation is as if nothing had been
    const good = made.zip('b.zip', echo(whole))
    t.is((await made.host.install(T, 'function', { name: 'echo', file: good })).package, 'echo')
  },
)

const failed = (why: string) => `fail to install plugin: package "echo": ${why}`
const script = 'function "echo" of plugin echo: its script failed:'
test.serial(
  'refused, and nothing is left: no layout',
  leavesNothing,
  { 'a.md': '' },
  'fail to install plugin: the archive has neither a package.json with a "plutino" section nor a script such as Echo@v1.0.0.js at its root',
)
test.serial(
  'refused, and nothing is left: a script with a mistake',
  leavesNothing,
  echo('exports = = 1'),
  'fail to install plugin: Echo.js: Unexpected "=" (line 1, column 11)',
)
test.serial(
  'refused, and nothing is left: a loop without end at load',
  leavesNothing,
  echo(`${whole}; for (;;);`),
  failed('loading it did not end within 3000 ms'),
)
test.serial(
  'refused, and nothing is left: all the memory at load',
  leavesNothing,
  echo(`${whole}; const all = []; for (;;) all.push(new Array(1000).fill(all.length))`),
  /fail to install plugin: package "echo": loading it used \d+ MB of memory, 192 MB are allowed/,
)
test.serial(
  'refused, and nothing is left: a throw at load',
  leavesNothing,
  echo("throw new Error('boom')"),
  failed(`${script} boom`),
)
test.serial(
  'refused, and nothing is left: something thrown that is no error',
  leavesNothing,
  echo('throw null'),
  failed(`${script} null was thrown, not an error`),
)
test.serial(
  'refused, and nothing is left: a missing export',
  leavesNothing,
  echo('exports.Other = { exec() {} }'),
  failed(
    'function "echo" of plugin echo is not exported: "Echo" or a default export is wanted, there is "Other"',
  ),
)
test.serial(
  'refused, and nothing is left: a missing method',
  leavesNothing,
  echo('exports.Echo = { exe() {} }'),
  failed('function "echo" of plugin echo has no method "exec"'),
)
test.serial(
  'refused, and nothing is left: a constructor that throws',
  leavesNothing,
  echo("exports.Echo = class { constructor() { throw new Error('boom') } exec() {} }"),
  failed('function "echo" of plugin echo: its constructor failed: boom'),
)
test.serial(
  'refused, and nothing is left: an isAggregate that throws',
  leavesNothing,
  echo("exports.Echo = { exec() {}, isAggregate() { throw new Error('boom') } }"),
  failed('function "echo" of plugin echo: isAggregate failed: boom'),
)
test.serial(
  'refused, and nothing is left: a look at the disk at load',
  leavesNothing,
  echo(`${whole}; require('node:fs').readFileSync('/etc/passwd')`),
  failed(`${script} module "fs" is not available in a sandboxed plugin`),
)

test.serial('a catalog that fails leaves no files', async (t) => {
  class Full extends PluginRecords {
    override put(): never {
      throw new Error('database or disk is full')
    }
  }
  const made = await makePluginHost(t)
  const full = new Full(made.catalog.database)
  const other = await makePluginHost(t, { records: full })
  const done = other.host.install(T, 'source', {
    name: 'tail',
    file: other.zip('a.zip', packageFiles('1.0.0')),
  })
  await t.throwsAsync(done, { message: 'database or disk is full' })
  t.deepEqual(other.files(), [])
  t.deepEqual(other.host.list(T, 'source'), [])
})

test.serial('a data folder that cannot be written to is told', async (t) => {
  const made = await makePluginHost(t)
  writeFileSync(join(made.folder, 'data', 'packages'), 'a file, no folder')
  const done = made.host.install(T, 'function', {
    name: 'echo',
    file: made.zip('a.zip', echo(whole)),
  })
  await t.throwsAsync(done, {
    instanceOf: InstallError,
    message: /^fail to install plugin: its files could not be written to the data folder: E/,
  })
  t.deepEqual(made.host.list(T, 'function'), [])
})

test.serial(
  'what a killed installation left is swept away at the next start, and nothing else',
  async (t) => {
    const first = await makePluginHost(t)
    await first.host.install(T, 'sink', {
      name: 'shout',
      file: first.zip('a.zip', packageFiles('1.0.0')),
    })
    await first.host.close()
    first.catalog.close()
    const packages = join(first.folder, 'data', 'packages')
    const kept = readdirSync(join(packages, T))
    const half = [
      join(packages, '.staging', 'x'),
      join(packages, T, 'tools@2.0.0-01234567'),
      join(packages, 'gone', 'a@1-01234567'),
    ]
    for (const folder of half) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'script-0.cjs'), 'half')
    }
    const { host } = await makePluginHost(t, { base: first.folder })
    t.deepEqual(
      half.filter((folder) => existsSync(folder)),
      [],
    )
    t.deepEqual(readdirSync(join(packages, T)), kept)
    const use = host.resolve(T, 'sink', 'shout')?.use
    if (use === undefined) return t.fail()
    t.is((await host.load(T, use)).name, 'shout')
  },
)

test.serial('a host that closes gives up a download', async (t) => {
  const { host } = await makePluginHost(t)
  const file = `${await serve(t, () => {})}/a.zip`
  const done = host.install(T, 'function', { name: 'echo', file })
  const error = t.throwsAsync(done, { instanceOf: InstallError })
  const started = performance.now()
  await host.close()
  t.true(performance.now() - started < 20_000)
  t.is((await error)?.message, `fail to download file ${file}: the installation was given up`)
})

test.serial(
  'two installations at once take their turns: one of them is the duplicate',
  async (t) => {
    const { host, zip, files } = await makePluginHost(t)
    const request = { name: 'echo', file: zip('a.zip', echo(whole)) }
    const results = await Promise.allSettled([
      host.install(T, 'function', request),
      host.install(T, 'function', request),
    ])
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    t.deepEqual(files(), ['script-0.cjs', 'script-0.cjs.map'])
  },
)
