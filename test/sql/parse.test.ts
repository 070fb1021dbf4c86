import test from 'ava'
import { SqlError } from '#src/sql/errors.ts'
import { parseExpression, parseStatement, parseStatements } from '#src/sql/parse.ts'

test('several statements are separated by semicolons, and one may follow the last', (t) => {
  const statements = parseStatements(
    'CREATE STREAM s () WITH ();\nSELECT a FROM s; -- one\nSHOW STREAMS;\n-- end\n',
  )
  t.deepEqual(
    statements.map(({ type, at }) => [type, at.line]),
    [
      ['create', 1],
      ['select', 2],
      ['show', 3],
    ],
  )
})

test('places in a later statement are those of the whole text', (t) => {
  const error = t.throws(() => parseStatements('SHOW STREAMS;\nSELECT a FROM;'), {
    instanceOf: SqlError,
  })
  t.is(
    error.message,
    'unexpected end of statement (line 2, column 14); expected a stream, a table or a topic',
  )
})

test('a text without a statement is refused', (t) => {
  for (const text of ['', '  \n', '-- nothing', '/* nothing */']) {
    t.throws(() => parseStatements(text), { instanceOf: SqlError, message: /^unexpected end/ })
    t.throws(() => parseStatement(text), { instanceOf: SqlError, message: /^unexpected end/ })
  }
})

const expressions: readonly (readonly [text: string, message: string])[] = [
  ['', 'unexpected end of statement (line 1, column 1); expected an expression'],
  ['a +', 'unexpected end of statement (line 1, column 4); expected an expression'],
  ['a, b', 'unexpected "," (line 1, column 2); expected an operator or the end'],
  ['a AS b', 'unexpected "AS" (line 1, column 3); expected an operator or the end'],
  ['a FROM b', 'unexpected "FROM" (line 1, column 3); expected an operator or the end'],
  ['a INVISIBLE', 'unexpected "INVISIBLE" (line 1, column 3); expected an operator or the end'],
  ['a;', 'unexpected ";" (line 1, column 2)'],
  ['*', 'unexpected "*" (line 1, column 1); expected an expression'],
  ['(a', 'unexpected end of statement (line 1, column 3); expected ")"'],
]

for (const [text, message] of expressions) {
  test(`${JSON.stringify(text)} is no expression`, (t) => {
    t.throws(() => parseExpression(text), { instanceOf: SqlError, message })
  })
}

test('an expression has its places in its own text', (t) => {
  t.deepEqual(parseExpression('\n  a').at, { line: 2, column: 3, offset: 3 })
})
