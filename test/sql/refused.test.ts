import test from 'ava'
import { SqlError, type SqlErrorCode } from '#src/sql/errors.ts'
import { parseStatement } from '#src/sql/parse.ts'

type Refused = readonly [sql: string, code: SqlErrorCode, message: string]

const unexpected: readonly (readonly [sql: string, message: string])[] = [
  ['SELECT a, FROM s', 'unexpected "FROM" (line 1, column 11); expected an expression'],
  ['SELECT , a FROM s', 'unexpected "," (line 1, column 8); expected an expression'],
  ['SELECT () FROM s', 'unexpected ")" (line 1, column 9); expected an expression'],
  ['SELECT a + + b FROM s', 'unexpected "+" (line 1, column 12); expected an expression'],
  ['SELECT a || b FROM s', 'unexpected "|" (line 1, column 11); expected an expression'],
  ['SELECT a x FROM s', 'unexpected "x" (line 1, column 10); expected "," or FROM'],
  ['SELECT a AS 1 FROM s', 'unexpected "1" (line 1, column 13); expected an alias'],
  ['SELECT a AS select FROM s', 'unexpected "select" (line 1, column 13); expected an alias'],
  ['SELECT a AS "x" FROM s', 'unexpected string "x" (line 1, column 13); expected an alias'],
  ['SELECT * AS x FROM s', 'unexpected "AS" (line 1, column 10); expected "," or FROM'],
  ['SELECT * + 1 FROM s', 'unexpected "+" (line 1, column 10); expected "," or FROM'],
  [
    'SELECT s.* INVISIBLE FROM s',
    'unexpected "INVISIBLE" (line 1, column 12); expected "," or FROM',
  ],
  ['SELECT a.b.* FROM s', 'unexpected "*" (line 1, column 12); expected a field'],
  ['SELECT a->* FROM s', 'unexpected "*" (line 1, column 11); expected a field'],
  ['SELECT a->5 FROM s', 'unexpected "5" (line 1, column 11); expected a field'],
  ['SELECT a:b FROM s', 'unexpected ":" (line 1, column 9); expected "," or FROM'],
  ['SELECT a[] FROM s', 'unexpected "]" (line 1, column 10); expected an expression'],
  ['SELECT a[1:2:3] FROM s', 'unexpected ":" (line 1, column 13); expected "]"'],
  ['SELECT a[1 FROM s', 'unexpected "FROM" (line 1, column 12); expected ":" or "]"'],
  ['SELECT (a + b FROM s', 'unexpected "FROM" (line 1, column 15); expected ")"'],
  ['SELECT f(a, FROM s', 'unexpected "FROM" (line 1, column 13); expected an expression'],
  ['SELECT f(a,) FROM s', 'unexpected ")" (line 1, column 12); expected an expression'],
  ['SELECT f(a b) FROM s', 'unexpected "b" (line 1, column 12); expected "," or ")"'],
  [
    'SELECT CASE ELSE 1 END FROM s',
    'unexpected "ELSE" (line 1, column 13); expected an expression',
  ],
  [
    'SELECT CASE WHEN a THEN 1 FROM s',
    'unexpected "FROM" (line 1, column 27); expected WHEN, ELSE or END',
  ],
  ['SELECT CASE a END FROM s', 'unexpected "END" (line 1, column 15); expected WHEN'],
  [
    'SELECT lag(a) OVER PARTITION BY b FROM s',
    'unexpected "PARTITION" (line 1, column 20); expected "("',
  ],
  [
    'SELECT lag(a) OVER (b) FROM s',
    'unexpected "b" (line 1, column 21); expected PARTITION BY, WHEN or ORDER BY',
  ],
  ['SELECT a OVER (WHEN b) FROM s', 'unexpected "OVER" (line 1, column 10); expected "," or FROM'],
  [
    'SELECT null FROM s',
    'unexpected "null" (line 1, column 8); there is no NULL literal; test with IS NULL',
  ],
  ['SELECT a IS 5 FROM s', 'unexpected "5" (line 1, column 13); expected NULL'],
  ['SELECT a NOT b FROM s', 'unexpected "NOT" (line 1, column 10); expected an operator'],
  ['SELECT a = NOT b FROM s', 'unexpected "NOT" (line 1, column 12); expected an expression'],
  [
    'SELECT a BETWEEN 1 FROM s',
    'BETWEEN without its AND (line 1, column 10); expected BETWEEN low AND high',
  ],
  ['SELECT a FROM s WHERE a IN ()', 'unexpected ")" (line 1, column 29); expected an expression'],
  [
    'SELECT a FROM s, t',
    'unexpected "," (line 1, column 16); expected a join, WHERE, GROUP BY or the end',
  ],
  [
    'SELECT a FROM s t',
    'unexpected "t" (line 1, column 17); expected a join, WHERE, GROUP BY or the end',
  ],
  [
    'SELECT a FROM "s"',
    'unexpected string "s" (line 1, column 15); expected a stream, a table or a topic',
  ],
  [
    'SELECT a FROM s JOIN t ON b',
    'unexpected "JOIN" (line 1, column 17); expected INNER, LEFT, RIGHT, FULL or CROSS before it',
  ],
  ['SELECT a FROM s INNER JOIN t USING (a)', 'unexpected "USING" (line 1, column 30); expected ON'],
  [
    'SELECT a FROM s UNION SELECT b FROM t',
    'unexpected "UNION" (line 1, column 17); expected a join, WHERE, GROUP BY or the end',
  ],
  [
    'SELECT a FROM s\nWHERE b > 1\n  WHERE c > 1',
    'unexpected "WHERE" (line 3, column 3); expected WHERE, GROUP BY, HAVING, ORDER BY and LIMIT in this order',
  ],
  [
    'SELECT a FROM s ORDER BY a WHERE a > 1',
    'unexpected "WHERE" (line 1, column 28); expected WHERE, GROUP BY, HAVING, ORDER BY and LIMIT in this order',
  ],
  ['SELECT a FROM s GROUP a', 'unexpected "a" (line 1, column 23); expected BY'],
  [
    'SELECT a FROM s ORDER BY a DESC b',
    'unexpected "b" (line 1, column 33); expected "," or the end',
  ],
  [
    'SELECT a FROM s LIMIT 1 ORDER BY a',
    'unexpected "ORDER" (line 1, column 25); expected the end',
  ],
  [
    'SELECT a FROM s; SELECT b FROM t',
    'unexpected "SELECT" (line 1, column 18); expected one statement',
  ],
  ['SELECT a FROM s;;', 'unexpected ";" (line 1, column 17)'],
  ['SELECT a == 1 FROM s', 'unexpected "=" (line 1, column 11); expected an expression'],
  ['SELECT a ! 1 FROM s', 'unexpected "!" (line 1, column 10)'],
  ['SELECT @a FROM s', 'unexpected "@" (line 1, column 8)'],
  ['SELECT a # b FROM s', 'unexpected "#" (line 1, column 10)'],
  ['SELECT `` FROM s', 'empty name (line 1, column 8)'],
  [
    'SELECT CAST(a AS bigin) FROM s',
    'unexpected "bigin" (line 1, column 18); did you mean "bigint"?',
  ],
  [
    'SELECT CAST(a AS blob) FROM s',
    'unexpected "blob" (line 1, column 18); expected a type: bigint, float, string, boolean, bytea, datetime',
  ],
  [
    'SELECT * EXCEPT(a) EXCEPT(b) FROM s',
    'unexpected "EXCEPT" (line 1, column 20); expected one EXCEPT',
  ],
  ['SELECT * REPLACE(a + 1) FROM s', 'unexpected ")" (line 1, column 23); expected AS'],
  [
    'DELETE FROM s',
    'unexpected "DELETE" (line 1, column 1); expected SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP',
  ],
]

const others: readonly Refused[] = [
  [
    '',
    'unexpected-end',
    'unexpected end of statement (line 1, column 1); expected SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP',
  ],
  [
    'SELECT',
    'unexpected-end',
    'unexpected end of statement (line 1, column 7); expected an expression',
  ],
  [
    'SELECT a',
    'unexpected-end',
    'unexpected end of statement (line 1, column 9); expected "," or FROM',
  ],
  [
    'SELECT a FROM ;',
    'unexpected-end',
    'unexpected end of statement (line 1, column 15); expected a stream, a table or a topic',
  ],
  [
    'SELECT a FROM s WHERE\n\n',
    'unexpected-end',
    'unexpected end of statement (line 1, column 22); expected an expression',
  ],
  ['SELECT "abc FROM s', 'unterminated', 'unterminated string (line 1, column 8); close it with "'],
  ["SELECT 'abc FROM s", 'unterminated', "unterminated string (line 1, column 8); close it with '"],
  ['SELECT `abc FROM s', 'unterminated', 'unterminated name (line 1, column 8); close it with `'],
  [
    'SELECT a /* b FROM s',
    'unterminated',
    'unterminated comment (line 1, column 10); close it with */',
  ],
  [
    'SELECT "a\\d" FROM s',
    'bad-escape',
    'unknown escape \\d (line 1, column 10); write \\\\ for a backslash',
  ],
  [
    'SELECT "\\u12" FROM s',
    'bad-escape',
    'unknown escape \\u12 (line 1, column 9); write \\\\ for a backslash',
  ],
  ['SELECT 12ab FROM s', 'bad-number', '"12ab" is not a number (line 1, column 8)'],
  ['SELECT 1e999 FROM s', 'bad-number', '"1e999" is too large (line 1, column 8)'],
  [
    'SELECT a FROM s LIMIT a',
    'bad-limit',
    'unexpected "a" (line 1, column 23); LIMIT takes a whole number',
  ],
  [
    'SELECT a FROM s LIMIT 1.5',
    'bad-limit',
    'unexpected "1.5" (line 1, column 23); LIMIT takes a whole number',
  ],
  [
    'SELECT a FROM s CROSS JOIN t ON a = b',
    'bad-join',
    'CROSS JOIN takes no ON (line 1, column 30); use INNER JOIN or WHERE',
  ],
  [
    'SELECT a FROM s WHERE b IN (SELECT c FROM t)',
    'not-supported',
    'sub-queries are not supported (line 1, column 29)',
  ],
  ['SELECT (SELECT 1) FROM s', 'not-supported', 'sub-queries are not supported (line 1, column 9)'],
]

for (const [sql, message] of unexpected) refuse([sql, 'unexpected-token', message])
for (const refused of others) refuse(refused)

function refuse([sql, code, message]: Refused): void {
  test(`${JSON.stringify(sql)} is refused: ${code}`, (t) => {
    const error = t.throws(() => parseStatement(sql), { instanceOf: SqlError })
    t.is(error.message, message)
    t.is(error.code, code)
  })
}

test('an error carries the place, with the offset, and the hint', (t) => {
  const error = t.throws(() => parseStatement('SELECT a,\n  b FROM s\n  WHERE )'), {
    instanceOf: SqlError,
  })
  t.deepEqual(error.position, { line: 3, column: 9, offset: 29 })
  t.is(error.hint, 'expected an expression')
})

test('a long word is cut in the message', (t) => {
  const error = t.throws(() => parseStatement(`SELECT a ${'x'.repeat(1000)} FROM s`), {
    instanceOf: SqlError,
  })
  t.is(error.message, `unexpected "${'x'.repeat(37)}..." (line 1, column 10); expected "," or FROM`)
})
