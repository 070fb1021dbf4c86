import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { PackError, PackErrorCode } from '@plutino/sdk/pack'
import test from 'ava'
import type { AuthoringError } from '#host/authoring/errors.ts'
import { packChecked } from '#host/authoring/pack-checked.ts'
import { makeFolder } from '#test/fixtures/folder.ts'

const project = (script: string, more: object = {}, plutino: object = {}) => ({
  'package.json': JSON.stringify({
    name: 'acme',
    version: '1.0.0',
    ...more,
    plutino: { functions: { turned: 'f.ts' }, ...plutino },
  }),
  'README.md': '# acme',
  'f.ts': script,
})

test('what a host would take is packed, with nothing to note', async (t) => {
  const folder = makeFolder(t, project('export const turned = { exec: () => 1 }'))
  const { path, notes } = await packChecked(folder)
  t.true(existsSync(path))
  t.deepEqual(notes, [])
})

const refuses = test.macro(
  async (t, files: Record<string, string>, code: PackErrorCode | 'bad-name', message: RegExp) => {
    const folder = makeFolder(t, files)
    const error = (await t.throwsAsync(packChecked(folder), { message })) as
      | PackError
      | AuthoringError
    t.is(error.code, code)
    t.false(existsSync(join(folder, 'target/plugins/functions/Turned@v1.0.0.zip')))
  },
)

test(
  'refused: a module that no sandbox has, with the chain of imports',
  refuses,
  {
    ...project("export { turned } from './g.ts'"),
    'g.ts':
      "import { readFileSync } from 'node:fs'\nexport const turned = { exec: () => readFileSync('x') }",
  },
  'needs-power',
  /^f\.ts > g\.ts: module "fs": a plugin has no disk; use ctx\.files/,
)
test(
  'refused: fetch without an origin to ask for, with its line',
  refuses,
  project("// one\nexport const turned = {\n  exec: () => fetch('https://a'),\n}"),
  'needs-power',
  /^f\.ts:3:15: fetch: it needs permission "network" for an origin such as http:\/\/host/,
)
test(
  'refused: secrets of the context that were not asked for',
  refuses,
  project("export const turned = {\n  exec: (_args, ctx) => ctx.secrets.get('k'),\n}"),
  'needs-power',
  /^f\.ts:2:25: secrets: it needs permission "secrets"/,
)
test(
  'refused: a method that is missing',
  refuses,
  project('export const turned = { run: () => 1 }'),
  'bad-manifest',
  /^a host would refuse it: function "turned" of plugin acme@1\.0\.0 has no method "exec"$/,
)
test(
  'refused: a script that throws when it is loaded',
  refuses,
  project("throw new Error('no luck')"),
  'bad-manifest',
  /its script failed: no luck/,
)
test(
  'refused: a manifest that hosts refuse',
  refuses,
  project('export const turned = { exec: () => 1 }', { engines: { plutino: 'soon' } }),
  'bad-manifest',
  /engines\.plutino: "soon" is no semver range/,
)
test(
  'refused: types that are wrong',
  refuses,
  {
    ...project('export const turned = { exec: (): number => "x" }'),
    'tsconfig.json': '{"compilerOptions":{"noEmit":true,"types":[]},"include":["*.ts"]}',
  },
  'bad-types',
  /f\.ts\(1,45\): error TS2322/,
)
test(
  'refused: a name that is built in',
  refuses,
  project('export const x = 1', {}, { functions: { concat: 'f.ts' } }),
  'bad-name',
  /a function "concat" is built in/,
)

test('types are left alone where the author says so, and that is said', async (t) => {
  const folder = makeFolder(t, {
    ...project('export const turned = { exec: (): number => "x" }'),
    'tsconfig.json': '{"compilerOptions":{"noEmit":true,"types":[]}}',
  })
  const { notes } = await packChecked(folder, { types: false })
  t.deepEqual(notes, ['types were not checked (--no-types)'])
})

test('what only a dependency might use is a note with the way to it', async (t) => {
  const folder = makeFolder(t, {
    ...project("import 'dep'\nexport const turned = { exec: () => 1 }"),
    'node_modules/dep/package.json': '{"name":"dep","main":"i.js"}',
    'node_modules/dep/i.js': "const net = require('net')\nexports.go = () => net.connect(1)",
  })
  const { notes } = await packChecked(folder)
  t.is(notes.length, 1)
  t.regex(
    notes[0] ?? '',
    /^f\.ts > node_modules\/dep\/i\.js: module "net": it needs permission "network" for an origin such as tcp:\/\/host:port/,
  )
})

test('an origin that was asked for is enough', async (t) => {
  const folder = makeFolder(
    t,
    project(
      "export const turned = { exec: () => fetch('https://a') }",
      {},
      {
        permissions: { network: ['https://a'] },
      },
    ),
  )
  await t.notThrowsAsync(packChecked(folder))
})
