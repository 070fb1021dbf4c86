import test from 'ava'
import { hash64 } from '#src/plan/identity.ts'
import { chain, plan } from './fixture.ts'

const start =
  'SELECT lag(v) AS l, k, count(*) AS n FROM demo WHERE lag(v) != v GROUP BY k, TUMBLINGWINDOW(ss, 10) HAVING n > 1 ORDER BY n'

test('the same statement has the same ids, however it is written', (t) => {
  t.deepEqual(ids(start.replaceAll(' ', '\n  ').replace('lag(', 'LAG(')), ids(start))
})

/** How many operators, from the source on, keep their ids. */
const keeps = test.macro({
  exec(t, changed: string, kept: number) {
    const [before, after] = [ids(start), ids(changed)]
    t.deepEqual(after.slice(0, kept), before.slice(0, kept))
    for (const id of before.slice(kept)) t.false(after.includes(id))
  },
  title: (_, changed) => `a change keeps the ids of all before it: ${changed}`,
})

test('the operators of the statement that is changed', (t) => {
  const kinds = ids(start).map((id) => id.split('-')[0])
  t.deepEqual(kinds, ['source', 'analytic', 'filter', 'aggregate', 'filter', 'sort', 'project'])
})
test(keeps, start.replace('SELECT', 'SELECT window_end() AS e,'), 6)
test(keeps, start.replace('ORDER BY n', 'ORDER BY n DESC'), 5)
test(keeps, start.replace('n > 1', 'n > 2'), 4)
test(keeps, start.replace('count(*) AS n', 'count(k) AS n'), 3)
test(keeps, start.replace('10', '20'), 3)
test(keeps, start.replace('lag(v) !=', 'lag(v) ='), 2)
test(keeps, start.replaceAll('lag(v)', 'lag(w)'), 1)

test('a filter that moves into the source leaves its id alone, and changes those behind it', (t) => {
  const [source, aggregate] = ids('SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 2)')
  const filtered = ids('SELECT count(*) AS n FROM demo WHERE a > 1 GROUP BY TUMBLINGWINDOW(ss, 2)')
  t.is(filtered[0], source)
  t.not(filtered[1], aggregate)
})

test('another stream, or another alias of it, is another source', (t) => {
  const [source] = ids('SELECT a FROM demo')
  t.not(ids('SELECT a FROM typed')[0], source)
  t.not(ids('SELECT a FROM demo AS d')[0], source)
})

test('literals of different types are different', (t) => {
  t.not(ids('SELECT a + 5 AS x FROM demo')[1], ids('SELECT a + 5.0 AS x FROM demo')[1])
})

test('calls are numbered in the order of the flow', (t) => {
  const sql = 'SELECT abs(a) AS x, abs(b) AS y FROM demo WHERE abs(c) > 1'
  const [source, project] = chain(plan(sql))
  const numbers = /"id":(\d+)/g
  const found = (node: unknown) => [...JSON.stringify(node).matchAll(numbers)].map(([, id]) => id)
  t.deepEqual(found(source), ['0'])
  t.deepEqual(found(project?.type === 'project' ? project.fields : []), ['1', '2'])
})

test('hashes have 64 bits and differ for texts that differ little', (t) => {
  const texts = Array.from({ length: 20_000 }, (_, i) => `source demo ${i} x`)
  const hashes = new Set(texts.map(hash64))
  t.is(hashes.size, texts.length)
  for (const hash of hashes) if (!/^[0-9a-f]{16}$/.test(hash)) t.fail(hash)
})

function ids(sql: string): readonly string[] {
  return chain(plan(sql)).map((node) => node.id)
}
