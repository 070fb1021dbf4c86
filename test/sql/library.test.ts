import { createRequire } from 'node:module'
import test from 'ava'
import { SqlError } from '#src/sql/errors.ts'
import { flatten } from '#src/sql/flatten.ts'
import { parseWithLibrary, UnknownTree } from '#src/sql/library.ts'
import { liftSelect } from '#src/sql/lift.ts'
import { parseStatement } from '#src/sql/parse.ts'
import { Script } from '#src/sql/script.ts'

function isLoaded(): boolean {
  const { cache } = createRequire(import.meta.url)
  return Object.keys(cache).some((path) => path.includes('node-sql-parser'))
}

test.serial('the library is loaded by the first SELECT, by nothing before', (t) => {
  t.false(isLoaded())
  parseStatement('SHOW STREAMS')
  parseStatement('CREATE STREAM s () WITH ()')
  t.throws(() => parseStatement('SELECT a,'), { instanceOf: SqlError })
  t.false(isLoaded())
  parseStatement('SELECT a FROM s')
  t.true(isLoaded())
})

test('a tree with anything unknown in it is refused, not read half', (t) => {
  const script = new Script('SELECT a FROM s')
  const lowered = [
    'SELECT :k1 FROM k3 FOR UPDATE',
    'SELECT :k1 FROM k3 LIMIT 1 OFFSET 2',
    'SELECT :k1 FROM k3, k3',
    'SELECT :k1 FROM x.k3',
    'SELECT SQL_CALC_FOUND_ROWS :k1 FROM k3',
    'SELECT :k1 COLLATE utf8_bin FROM k3',
    'SELECT k1 FROM k3',
    'SELECT 1 FROM k3',
    'SELECT count(:k1) OVER () FROM k3',
    'WITH k3 AS (SELECT :k1 FROM k3) SELECT :k1 FROM k3',
    'SELECT :k1 FROM k3 UNION SELECT :k1 FROM k3',
    'DELETE FROM k3',
  ]
  let refused = 0
  for (const text of lowered) {
    const answer = parseWithLibrary(text)
    if (!('tree' in answer)) continue
    refused++
    t.throws(() => liftSelect(script, answer.tree, 0), { instanceOf: UnknownTree }, text)
  }
  t.true(refused >= 8, `${refused}`)
  t.notThrows(() => {
    const answer = parseWithLibrary('SELECT :k1 FROM k3')
    if ('tree' in answer) liftSelect(script, answer.tree, 0)
  })
})

test('the order of operands and operators survives whatever the library makes of it', (t) => {
  const answer = parseWithLibrary('SELECT :k1 OR :k2 AND :k3 << :k4 = :k5 + (:k6 - :k7) FROM k0')
  if (!('tree' in answer)) return t.fail('refused')
  const [field] = answer.tree.columns as [{ expr: Parameters<typeof flatten>[0] }]
  const words = flatten(field.expr).map((item) => {
    if (item.type === 'operator') return item.operator
    return item.type === 'token' ? item.mark.token : item.type
  })
  t.deepEqual(words, [1, 'OR', 2, 'AND', 3, 4, '=', 5, '+', 'group'])
})
