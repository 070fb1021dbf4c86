import { copyFileSync, cpSync, existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PackError, type PackErrorCode, pack } from '@plutino/sdk/pack'
import test from 'ava'
import { readArchive } from '#host/plugins/archive.ts'
import { prepare } from '#host/plugins/prepare.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const sample = fileURLToPath(new URL('../../sample-plugins/weather-station', import.meta.url))
const sdk = fileURLToPath(new URL('../../sdk', import.meta.url))

const project = {
  'package.json': JSON.stringify({
    name: '@acme/shout',
    version: '2.1.0',
    scripts: { postinstall: 'touch ran' },
    devDependencies: { ava: '*' },
    plutino: { sinks: { shout: './src/shout.ts' } },
  }),
  'src/shout.ts':
    "import { loud } from './loud.ts'\nexport class Shout { configure(): void {} open() {} collect(_: unknown, x: string) { return loud(x) } close() {} }",
  'src/loud.ts': 'export const loud = (x: string): string => x.toUpperCase()',
  'shout.yaml': 'a: 1',
}

test('the same sources give the same bytes, wherever and whenever', async (t) => {
  const [here, there] = [makeFolder(t), join(makeFolder(t), 'deeper', 'than that')]
  for (const folder of [here, there]) {
    cpSync(sample, folder, { recursive: true, filter: (path) => !/target|node_modules/.test(path) })
    cpSync(sdk, join(folder, 'node_modules/@plutino/sdk'), { recursive: true })
  }
  utimesSync(join(there, 'package.json'), 1, 1)
  copyFileSync(join(there, 'package.json'), join(there, 'unrelated.json'))
  const first = await pack(here, { output: join(here, 'a.zip') })
  const second = await pack(there, { output: join(there, 'deep', 'b.zip') })
  t.is(second.sha256, first.sha256)
  t.deepEqual(readFileSync(second.path), readFileSync(first.path))
  t.is(first.bytes, readFileSync(first.path).length)
})

test('a package holds what a host needs, and nothing else of the folder', async (t) => {
  const folder = makeFolder(t, { ...project, '.env': 'SECRET=1', 'README.md': '# Shout' })
  const packed = await pack(folder)
  t.is(packed.path, join(folder, 'target', 'plugins', 'sinks', 'Shout@v2.1.0.zip'))
  t.deepEqual(packed.files, [
    'README.md',
    'package.json',
    'shout.yaml',
    'src/shout.js',
    'src/shout.js.map',
  ])
  const files = readArchive(readFileSync(packed.path))
  t.deepEqual([...files.keys()].sort(), [...packed.files])
  t.deepEqual(JSON.parse(files.get('package.json')?.toString() ?? ''), {
    name: '@acme/shout',
    version: '2.1.0',
    type: 'commonjs',
    plutino: { sinks: { shout: 'src/shout.js' } },
  })
  t.false(existsSync(`${packed.path}.part`))
})

test('what was packed is installed as it is', async (t) => {
  const { path } = await pack(makeFolder(t, project))
  const zip = readFileSync(path)
  const { content, scripts } = await prepare({
    zip,
    wanted: { kind: 'sink', name: 'shout' },
    hostVersion: '0.1.0',
  })
  t.is(content.package, '@acme/shout')
  t.true(scripts[0]?.text.includes('toUpperCase'))
})

test('what an npm dependency asks of Node, by either name, is left to the host', async (t) => {
  const folder = makeFolder(t, {
    'package.json': JSON.stringify({
      name: 'acme-driver',
      version: '1.0.0',
      plutino: { functions: { f: './f.js' } },
    }),
    'f.js': "import Driver from 'driver'\nexport const f = { exec: () => new Driver().on.length }",
    'node_modules/driver/package.json': '{"main":"index.js"}',
    'node_modules/driver/index.js':
      "const EventEmitter = require('events'), net = require('node:net'); module.exports = class extends EventEmitter { open() { net.connect(1) } }",
  })
  const { path } = await pack(folder)
  const { scripts } = await prepare({
    zip: readFileSync(path),
    wanted: { kind: 'function', name: 'f' },
    hostVersion: '0.1.0',
  })
  t.deepEqual(scripts[0]?.nodeModules, ['events', 'net'])
})

test('a package with several extensions is named after itself', async (t) => {
  const manifest = {
    name: '@acme/both',
    version: '1.0.0',
    plutino: { sinks: { a: 'x.js#A' }, functions: { b: { file: 'x.js#B' } } },
  }
  const folder = makeFolder(t, {
    'package.json': JSON.stringify(manifest),
    'x.js': 'export const A = 1, B = 2',
  })
  const { path, files } = await pack(folder)
  t.is(path, join(folder, 'target', 'plugins', '@acme-both@v1.0.0.zip'))
  t.deepEqual(files, ['package.json', 'x.js', 'x.js.map'])
  const { plutino } = JSON.parse(
    readArchive(readFileSync(path)).get('package.json')?.toString() ?? '',
  )
  t.deepEqual(plutino, { sinks: { a: 'x.js#A' }, functions: { b: 'x.js#B' } })
})

const refuses = test.macro(
  async (t, files: Record<string, string>, code: PackErrorCode, message: RegExp) => {
    const folder = makeFolder(t, files)
    const error = await t.throwsAsync(pack(folder), { instanceOf: PackError, message })
    t.is(error?.code, code)
    t.false(existsSync(join(folder, 'target')))
  },
)
const manifest = (plutino: unknown) => ({
  'package.json': JSON.stringify({ name: 'x', version: '1.0.0', plutino }),
})

test(
  'not packed: a folder without package.json',
  refuses,
  {},
  'no-manifest',
  /^no package\.json in .*: ENOENT/,
)
test(
  'not packed: a package.json that is no JSON',
  refuses,
  { 'package.json': '{' },
  'bad-manifest',
  /package\.json is not JSON: /,
)
test(
  'not packed: no version',
  refuses,
  { 'package.json': '{"name":"x"}' },
  'bad-manifest',
  /package\.json needs a name and a version$/,
)
test(
  'not packed: no "plutino" section',
  refuses,
  manifest(undefined),
  'no-manifest',
  /package\.json has no "plutino" section with sources, sinks or functions$/,
)
test(
  'not packed: nothing in it',
  refuses,
  manifest({}),
  'bad-manifest',
  /package\.json names no source, sink or function in its "plutino" section$/,
)
test(
  'not packed: an entry of another shape',
  refuses,
  manifest({ sinks: { x: 7 } }),
  'bad-manifest',
  /package\.json: sinks "x" must be a file, "file#Export" or an object with "file"$/,
)
test(
  'not packed: a script that is not there',
  refuses,
  manifest({ sinks: { x: 'x.ts' } }),
  'cannot-bundle',
  /^x\.ts cannot be bundled: /,
)
test(
  'not packed: a script with a mistake',
  refuses,
  { ...manifest({ sinks: { x: 'x.ts' } }), 'x.ts': 'const = 1' },
  'cannot-bundle',
  /^x\.ts cannot be bundled: [\s\S]*Expected identifier/,
)
test(
  'not packed: a schema that is not there',
  refuses,
  {
    ...manifest({ sinks: { x: { file: 'x.ts', options: 's.json' } } }),
    'x.ts': 'export const X = 1',
  },
  'bad-manifest',
  /package\.json: sinks "x": schema "s\.json" cannot be read: ENOENT/,
)
