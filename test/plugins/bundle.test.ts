import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import test from 'ava'
import { bundleExtension } from '#host/plugins/bundle.ts'
import { InstallError } from '#host/plugins/errors.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const bundle = (files: Readonly<Record<string, string>>, entry = 'index.js') =>
  bundleExtension(
    new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
    entry,
  )

/** Runs a bundle as a worker does, without a `require`. */
function exportsOf(text: string): Record<string, unknown> {
  const module: { exports: Record<string, unknown> } = { exports: {} }
  Reflect.apply(compileFunction(text, ['exports', 'module']), undefined, [module.exports, module])
  return module.exports
}

const gives = test.macro(async (t, files: Record<string, string>, value: unknown) => {
  const { text, nodeModules } = await bundle(files)
  t.is(exportsOf(text).value, value)
  t.deepEqual(nodeModules, [])
})

test(
  'modules of the package become one script',
  gives,
  {
    'index.js': "import { a } from './lib/a.js'; export const value = a",
    'lib/a.js': "export { a } from '../b'",
    'b.js': 'export const a = 7',
  },
  7,
)
test(
  'CommonJS is taken too',
  gives,
  { 'index.js': "exports.value = require('./a').a", 'a.js': 'exports.a = 7' },
  7,
)
test(
  'a folder’s index is found',
  gives,
  { 'index.js': "export { value } from './lib'", 'lib/index.js': 'export const value = 7' },
  7,
)
test(
  'JSON and text are values',
  gives,
  {
    'index.js': "import a from './a.json'; import b from './b.txt'; export const value = a.x + b",
    'a.json': '{"x":7}',
    'b.txt': 'y',
  },
  '7y',
)
test(
  'an npm dependency in the zip is found by its main',
  gives,
  {
    'index.js': "export { value } from 'dep'",
    'node_modules/dep/package.json': '{"main":"lib/main"}',
    'node_modules/dep/lib/main.js': 'exports.value = 7',
  },
  7,
)
test(
  'an npm dependency in the zip is found by its exports',
  gives,
  {
    'index.js': "export { value } from '@acme/dep'",
    'node_modules/@acme/dep/package.json':
      '{"exports":{".":{"types":"./x.d.ts","import":"./m.mjs","require":"./m.cjs"}}}',
    'node_modules/@acme/dep/m.mjs': 'export const value = 7',
  },
  7,
)
test(
  'a file of an npm dependency is found',
  gives,
  {
    'index.js': "export { value } from 'dep/lib/x.js'",
    'node_modules/dep/package.json': '{}',
    'node_modules/dep/lib/x.js': 'export const value = 7',
  },
  7,
)
test(
  'the dependency of a dependency is the nearest one',
  gives,
  {
    'index.js': "export { value } from 'a'",
    'node_modules/a/package.json': '{}',
    'node_modules/a/index.js': "export { value } from 'b'",
    'node_modules/a/node_modules/b/package.json': '{}',
    'node_modules/a/node_modules/b/index.js': 'exports.value = 7',
    'node_modules/b/package.json': '{}',
    'node_modules/b/index.js': 'exports.value = 8',
  },
  7,
)
test(
  'the SDK comes from the host',
  gives,
  {
    'index.js':
      "import { NotConnected } from '@plutino/sdk'; export const value = new NotConnected('x').code",
  },
  'not-connected',
)

test('TypeScript is taken, and what it imports as .js', async (t) => {
  const files = {
    'index.ts': "import { a } from './a.js'; export const value: number = a as number",
    'a.ts': 'export const a: unknown = 7',
  }
  t.is(exportsOf((await bundle(files, 'index.ts')).text).value, 7)
})

test('a tsconfig.json that names a file of the host changes nothing and reads nothing', async (t) => {
  const folder = makeFolder(t)
  const secret = join(folder, 'secret.json')
  writeFileSync(secret, 'CANARY password=hunter2')
  const files = {
    'index.ts': 'export const value: number = 7',
    'tsconfig.json': JSON.stringify({ extends: secret }),
  }
  const { text, map } = await bundle(files, 'index.ts')
  t.is(exportsOf(text).value, 7)
  t.false(`${text}${map}`.includes('CANARY'))
})

test('modules of Node load as stubs that refuse when they are called', async (t) => {
  const { text, nodeModules } = await bundle({
    'index.js':
      "import fs from 'node:fs'; import { Worker } from 'worker_threads'; export const value = 7; export const read = () => fs.readFileSync('/etc/passwd'); export const start = () => new Worker(); export class Mine extends Worker {}",
  })
  t.deepEqual(nodeModules, ['fs', 'worker_threads'])
  const { value, read, start } = exportsOf(text)
  t.is(value, 7)
  const message = (name: string) => ({
    message: `module "${name}" is not available in a sandboxed plugin`,
    code: 'ERR_PLUGIN_DENIED',
  })
  t.like(t.throws(read as () => void), message('fs'))
  t.like(t.throws(start as () => void), message('worker_threads'))
})

const refuses = test.macro(async (t, files: Record<string, string>, message: string | RegExp) => {
  const error = await t.throwsAsync(bundle(files), { instanceOf: InstallError, message })
  t.is(error?.code, 'bad-plugin')
})

test(
  'an import outside the package is refused',
  refuses,
  { 'index.js': "import '../../../etc/passwd'" },
  'index.js: "../../../etc/passwd" is not in the package; bundle it with "plutino plugin pack" (line 1, column 8)',
)
test(
  'an absolute import is refused',
  refuses,
  { 'index.js': "import '/etc/passwd'" },
  'index.js: "/etc/passwd" is not in the package; bundle it with "plutino plugin pack" (line 1, column 8)',
)
test(
  'an import by URL is refused',
  refuses,
  { 'index.js': "import 'file:///etc/passwd'" },
  'index.js: "file:///etc/passwd" is not in the package; bundle it with "plutino plugin pack" (line 1, column 8)',
)
test(
  'an import of what is not there is refused',
  refuses,
  { 'index.js': "\nimport left from 'left-pad'" },
  'index.js: "left-pad" is not in the package; bundle it with "plutino plugin pack" (line 2, column 18)',
)
test(
  'a main that leaves the package is refused',
  refuses,
  {
    'index.js': "import 'dep'",
    'node_modules/dep/package.json': '{"main":"../../../../etc/passwd"}',
  },
  'index.js: "dep" is not in the package; bundle it with "plutino plugin pack" (line 1, column 8)',
)
test(
  'a dependency with a broken manifest is refused',
  refuses,
  { 'index.js': "import 'dep'", 'node_modules/dep/package.json': '{' },
  /^index\.js: node_modules\/dep\/package\.json is not JSON: .* \(line 1, column 8\)$/,
)
test(
  'an asset of the host is refused',
  refuses,
  { 'index.js': "export default new URL('x', import.meta.url); import '#host/server.ts'" },
  'index.js: "#host/server.ts" is not in the package; bundle it with "plutino plugin pack" (line 1, column 54)',
)
test(
  'direct eval is refused',
  refuses,
  { 'index.js': "export const value = eval('1')" },
  /^index\.js: Using direct eval.* \(line 1, column 22\); a sandboxed plugin has no direct eval$/,
)
test(
  'await at the top level is refused',
  refuses,
  { 'index.js': 'await 1; export {}' },
  'index.js: Top-level await is currently not supported with the "cjs" output format (line 1, column 1)',
)
test(
  'what is no JavaScript is refused with its place',
  refuses,
  { 'index.js': 'export const = 1' },
  'index.js: Expected identifier but found "=" (line 1, column 14)',
)

test('an import of what is only known later becomes a require, which the sandbox refuses', async (t) => {
  const { text } = await bundle({ 'index.js': 'export const load = (name) => import(name)' })
  t.false(/\bimport\s*\(/.test(text))
  const load = exportsOf(text).load as (name: string) => Promise<unknown>
  await t.throwsAsync(load('node:fs'), { message: /require/ })
})
