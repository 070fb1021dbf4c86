import { readFileSync } from 'node:fs'
import test from 'ava'
import { checkManifest, manifestSchema } from '#host/plugins/manifest.ts'
import { readPermissions } from '#host/plugins/permissions.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the published schema of the manifest is the one that is checked (npm run docs)', (t) => {
  const { $schema, ...published } = JSON.parse(read('sdk/manifest.schema.json'))
  t.is($schema, 'https://json-schema.org/draft/2020-12/schema')
  t.deepEqual(published, JSON.parse(JSON.stringify(manifestSchema)))
})

test('the manifest in docs/sandbox.md can be installed', (t) => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(read('docs/sandbox.md')) ?? []
  const { plutino } = checkManifest(Buffer.from(json))
  const asked = readPermissions(plutino.permissions ?? {})
  t.deepEqual(asked.network, ['tcp://db:3306', 'https://api.example.com'])
  t.deepEqual(asked.files, {
    private: { quotaBytes: 1_048_576 },
    folders: { input: 'read', output: 'write' },
  })
})
