import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { compilerFile } from '#host/authoring/sdk-tarball.ts'
import { makeFolder } from '#test/fixtures/folder.ts'
import { contractPages } from '../../docs/contract-pages.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = contractPages((file) => read(`sdk/src/${file}`))

test('the pages of contracts are what the SDK says: run npm run docs', (t) => {
  t.is(pages.size, 4)
  for (const [name, text] of pages) t.is(read(`docs/plugins/${name}`), text, name)
})

test('every name that the SDK exports stands on one of the pages', (t) => {
  const all = [...pages.values()].join('\n')
  const exported = read('sdk/src/index.ts').replace(/export|type|from '.*'/g, '')
  const names = exported.match(/\w+/g) ?? []
  t.true(names.length > 30)
  for (const name of names) t.true(all.includes(`## ${name}\n`), name)
})

test('the examples on the pages are TypeScript that fits the contracts', async (t) => {
  const folder = makeFolder(t, { 'package.json': '{"type":"module"}' })
  const names = [...read('sdk/src/index.ts').matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(
    ([, type = '', list = '']) => (list.match(/(type )?\w+/g) ?? []).map((name) => type + name),
  )
  let count = 0
  for (const text of pages.values()) {
    for (const [, example = ''] of text.matchAll(/```ts\n([\s\S]*?)```/g)) {
      writeFileSync(
        join(folder, `example-${count++}.ts`),
        `import { ${names.join(', ')} } from '@plutino/sdk'\n${example}`,
      )
    }
  }
  t.true(count >= 5)
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      paths: { '@plutino/sdk': [join(root, 'sdk/src/index.ts')] },
      typeRoots: [join(root, 'node_modules/@types')],
      noUnusedLocals: false,
    },
    include: [folder],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const checked = promisify(execFile)(process.execPath, [compilerFile(), '-p', folder])
  await t.notThrowsAsync(checked.catch(({ stdout }) => Promise.reject(new Error(stdout))))
})
