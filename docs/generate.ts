import { readdir, rm, writeFile } from 'node:fs/promises'
import { manifestSchema } from '#host/plugins/manifest.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { functionPages } from './function-pages.ts'

const folder = new URL('functions/', import.meta.url)
const pages = functionPages(builtInFunctions().declarations)
for (const name of await readdir(folder)) {
  if (!pages.has(name)) await rm(new URL(name, folder))
}
for (const [name, text] of pages) await writeFile(new URL(name, folder), text)
console.log(`${pages.size} pages in docs/functions`)
const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...manifestSchema }
await writeFile(
  new URL('../sdk/manifest.schema.json', import.meta.url),
  `${JSON.stringify(schema, null, 2)}\n`,
)
console.log('sdk/manifest.schema.json')
