import { readdir, readFile } from 'node:fs/promises'
import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { functionPages } from '../../docs/function-pages.ts'

const folder = new URL('../../docs/functions/', import.meta.url)
const functions = builtInFunctions()
const pages = functionPages(functions.declarations)

test('the pages of functions are what the declarations say: run npm run docs', async (t) => {
  t.deepEqual((await readdir(folder)).sort(), [...pages.keys()].sort())
  for (const [name, text] of pages) {
    t.is(await readFile(new URL(name, folder), 'utf8'), text, name)
  }
})

test('every name of every function stands in the contents', (t) => {
  const contents = pages.get('README.md') ?? ''
  for (const name of functions.names()) t.true(contents.includes(`[${name}](`), name)
})

test('a page says how a function is called, what it gives, and what for null', (t) => {
  t.true(pages.get('text.md')?.includes('`startswith(value STRING, part STRING) → BOOLEAN`'))
  t.true(pages.get('text.md')?.includes('False when an argument is null.'))
  t.true(pages.get('aggregate.md')?.includes('| `count(v)` | no row | `0` |'))
})
