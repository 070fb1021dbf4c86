import { readFileSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { manifestSchema } from '#host/plugins/manifest.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { contractPages } from './contract-pages.ts'
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
const sdk = new URL('../sdk/src/', import.meta.url)
const contracts = contractPages((file) => readFileSync(new URL(file, sdk), 'utf8'))
for (const [name, text] of contracts)
  await writeFile(new URL(`plugins/${name}`, import.meta.url), text)
console.log(`${contracts.size} pages in docs/plugins`)
