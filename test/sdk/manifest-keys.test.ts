import { readFileSync } from 'node:fs'
import { type PackError, pack } from '@plutino/sdk/pack'
import test from 'ava'
import { makeFolder } from '#test/fixtures/folder.ts'
import { manifestKeys } from '../../sdk/src/pack/manifest-keys.ts'

const packed = (t: Parameters<typeof makeFolder>[0], plutino: object) =>
  pack(
    makeFolder(t, {
      'package.json': JSON.stringify({ name: 'acme', version: '1.0.0', plutino }),
      'f.js': 'exports.Echo = { exec: ([x]) => x }',
    }),
  )

const refuses = test.macro(async (t, plutino: object, message: RegExp) => {
  const error = (await t.throwsAsync(packed(t, plutino), { message })) as PackError
  t.is(error.code, 'bad-manifest')
})

const functions = { echo: 'f.js' }

test(
  'a section with another name is refused, with the one that is near',
  refuses,
  { functions, sink: { shout: 'f.js' } },
  /package\.json: plutino\.sink: there is no such key; did you mean "sinks"\?$/,
)
test(
  'so is a key of an extension',
  refuses,
  { functions: { echo: { file: 'f.js', option: 'x.json' } } },
  /plutino\.functions\.echo\.option: there is no such key; did you mean "options"\?$/,
)
test(
  'so is a power that there is not',
  refuses,
  { functions, permissions: { netwrok: ['https://a'] } },
  /plutino\.permissions\.netwrok: there is no such key; did you mean "network"\?$/,
)
test(
  'so is a key of a power; where none is near all are named',
  refuses,
  { functions, permissions: { files: { private: { bytes: 1 } } } },
  /plutino\.permissions\.files\.private\.bytes: there is no such key; there is quotaBytes$/,
)

test('names that the author gives are no keys', async (t) => {
  const permissions = { files: { folders: { sink: 'read' } } }
  await t.notThrowsAsync(packed(t, { functions: { file: 'f.js#Echo' }, permissions }))
})

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
}

function* keysOf(schema: Schema, place: string): Generator<[string, string[]]> {
  const { properties, patternProperties, anyOf = [] } = schema
  if (properties !== undefined) yield [place, Object.keys(properties)]
  for (const [key, part] of Object.entries(properties ?? {})) yield* keysOf(part, `${place}.${key}`)
  for (const part of Object.values(patternProperties ?? {})) yield* keysOf(part, `${place}.*`)
  for (const part of anyOf) yield* keysOf(part, place)
}

test('the keys are those of the published schema', (t) => {
  const path = new URL('../../sdk/manifest.schema.json', import.meta.url)
  const { plutino } = JSON.parse(readFileSync(path, 'utf8')).properties
  t.deepEqual(Object.fromEntries(keysOf(plutino, 'plutino')), Object.fromEntries(manifestKeys))
})
