import test from 'ava'
import { boundOf, partsOf, quoted, quotedTable, rowsOf, statementOf } from '../sinks/insertion.ts'

test('a statement has places for values and never a value', (t) => {
  const insertion = { table: '`test`', columns: ['`a`', '`b`'], rowId: undefined }
  t.is(statementOf(insertion, 2), 'INSERT INTO `test` (`a`, `b`) VALUES (?, ?), (?, ?)')
  t.is(
    statementOf({ ...insertion, columns: ['`a`'], rowId: '`id`' }, 1),
    'INSERT INTO `test` (`id`, `a`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `id` = `id`',
  )
})

test('names of tables and columns are letters, digits, _ and $, and quoted', (t) => {
  t.is(quoted('column', 'größe_2$'), '`größe_2$`')
  t.is(quotedTable('db.test'), '`db`.`test`')
  const wrong = ['', 'a b', 'a`b', 'a;DROP TABLE x', "a'", 'a-b', 'x'.repeat(65), 7, undefined]
  for (const name of wrong)
    t.throws(() => quoted('column', name), { message: /^column: .* is no name/ })
  for (const name of ['a.b.c', '.a', 'a.', 'a.b`', 'a.b --']) {
    t.throws(() => quotedTable(name), { message: /^table: .* is no name/ })
  }
})

test('rows are cut into statements of 100, 10 and 1', (t) => {
  const rows = Array.from({ length: 223 }, (_, i) => i)
  const parts = [...partsOf(rows)]
  t.deepEqual(
    parts.map((part) => part.length),
    [100, 100, 10, 10, 1, 1, 1],
  )
  t.deepEqual(parts.flat(), rows)
  t.deepEqual([...partsOf([])], [])
})

test('values: whole numbers beyond doubles stay exact, what has parts is JSON', (t) => {
  const [row] = rowsOf(
    '{"n":9007199254740993,"f":1.5,"o":{"n":9007199254740993},"t":"9007199254740993"}',
  )
  t.deepEqual([row?.n, row?.f, row?.o, row?.t, row?.missing, true, null].map(boundOf), [
    '9007199254740993',
    1.5,
    '{"n":9007199254740993}',
    '9007199254740993',
    null,
    true,
    null,
  ])
})

test('a payload that is no row or rows is refused', (t) => {
  t.deepEqual(rowsOf('[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }])
  t.deepEqual(rowsOf('[[{"a":1},{"a":2}],[{"a":3}]]'), [{ a: 1 }, { a: 2 }, { a: 3 }])
  for (const text of ['1', '[1]', '[[1]]', 'null']) {
    t.throws(() => rowsOf(text), { message: /a JSON object or an array of them/ })
  }
})
