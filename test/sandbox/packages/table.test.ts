import { readFile } from 'node:fs/promises'
import test from 'ava'
import { checks } from './checks.ts'
import { compatibilityTable, withTable } from './table.ts'

test('the compatibility table in the documentation is the one of the checks', async (t) => {
  const page = await readFile(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8')
  t.is(withTable(page, compatibilityTable()), page, 'run "npm run docs"')
})

test('at least 30 packages work, of every kind that is promised', (t) => {
  const working = checks.filter(({ fails }) => fails === undefined)
  t.true(new Set(working.map(({ name }) => name)).size >= 30)
  const kinds = new Set(working.map(({ kind }) => kind))
  const promised = [
    'database driver',
    'date',
    'CSV',
    'compression',
    'protobuf',
    'validation',
    'HTTP client',
  ]
  t.deepEqual(
    promised.filter((kind) => !kinds.has(kind)),
    [],
  )
})

test('what does not work is listed with the reason', (t) => {
  for (const { name, fails, reason } of checks)
    t.is(fails === undefined, reason === undefined, name)
})
