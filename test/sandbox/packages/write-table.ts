import { readFile, writeFile } from 'node:fs/promises'
import { compatibilityTable, withTable } from './table.ts'

const file = new URL('../../../docs/sandbox.md', import.meta.url)
await writeFile(file, withTable(await readFile(file, 'utf8'), compatibilityTable()))
console.log('the compatibility table in docs/sandbox.md')
