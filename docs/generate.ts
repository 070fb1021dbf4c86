import { readdir, rm, writeFile } from 'node:fs/promises'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { functionPages } from './function-pages.ts'

const folder = new URL('functions/', import.meta.url)
const pages = functionPages(builtInFunctions().declarations)
for (const name of await readdir(folder)) {
  if (!pages.has(name)) await rm(new URL(name, folder))
}
for (const [name, text] of pages) await writeFile(new URL(name, folder), text)
console.log(`${pages.size} pages in docs/functions`)
