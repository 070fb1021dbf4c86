import test from 'ava'
import { SqlError } from '#src/sql/errors.ts'
import { parseStatement, parseStatements } from '#src/sql/parse.ts'

/** Meant are 100 ms; the machine of a test may be busy. */
/** Meant are 100 ms of processor time; the machine of a test may be slow. */
const longestMs = 1000

function repeat(count: number, make: (index: number) => string, separator = ', '): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(separator)
}

function nested(open: string, inner: string, close: string, depth: number): string {
  return `SELECT ${open.repeat(depth)}${inner}${close.repeat(depth)} FROM s`
}

const tooLong = /^the statement has more than 6000 words and signs \(/
const tooDeep = /^the expression nests too deep \(line 1, column \d+\); at most 100 levels$/
const tooHigh = /^the expression is too long \(.*\); at most 1000 operators in a row$/

const large: readonly (readonly [title: string, sql: string, refused: RegExp | undefined])[] = [
  ['a text of 2 MB', 'x'.repeat(2_000_000), /^the text is longer than 1 MB \(/],
  ['a string of 1 MB', `SELECT "${'a'.repeat(1_000_000)}" FROM s`, undefined],
  ['a string of 500 000 escapes', `SELECT "${'\\n'.repeat(500_000)}" FROM s`, undefined],
  ['a comment of 1 MB', `SELECT a /*${'*'.repeat(1_000_000)}*/ FROM s`, undefined],
  ['250 000 comments', `SELECT a ${'/**/'.repeat(250_000)} FROM s`, undefined],
  ['a million lines', `SELECT a${'\n'.repeat(1_000_000)} FROM s`, undefined],
  ['a name of 1 MB', `SELECT ${'a'.repeat(1_000_000)} FROM s`, undefined],
  ['a topic of 1 MB', `SELECT a FROM ${'a/'.repeat(500_000)}`, undefined],
  ['a million digits', `SELECT ${'1'.repeat(1_000_000)} FROM s`, /^the number is too long \(/],
  ['a million semicolons', ';'.repeat(1_000_000), /^unexpected ";" \(line 1, column 1\)$/],
  ['an unterminated string of 1 MB', `SELECT "${'a'.repeat(1_000_000)}`, /^unterminated string/],
  ['10 000 columns', `SELECT ${repeat(10_000, (index) => `c${index}`)} FROM s`, tooLong],
  ['2900 columns', `SELECT ${repeat(2900, (index) => `c${index}`)} FROM s`, undefined],
  ['a list of 2900 values', `SELECT a FROM s WHERE a IN (${repeat(2900, String)})`, undefined],
  [
    '10 000 columns of a stream',
    `CREATE STREAM s (${repeat(10_000, (index) => `c${index} BIGINT`)}) WITH ()`,
    tooLong,
  ],
  ['10 000 parentheses', nested('(', 'a', ')', 10_000), tooLong],
  ['2000 parentheses', nested('(', 'a', ')', 2000), tooDeep],
  ['101 parentheses', nested('(', 'a', ')', 101), tooDeep],
  ['100 parentheses', nested('(', 'a', ')', 100), undefined],
  ['100 calls', nested('f(a OR b, ', 'a', ')', 100), undefined],
  ['101 calls', nested('f(', 'a', ')', 101), tooDeep],
  ['100 CASE', nested('CASE WHEN a OR b AND ', 'a', ' THEN 1 END', 100), undefined],
  ['101 CASE', nested('CASE a WHEN b THEN ', 'a', ' END', 101), tooDeep],
  ['100 subscripts', nested('a[', 'a', ']', 100), undefined],
  ['100 lists', nested('a IN (b OR ', 'a', ')', 100), undefined],
  ['100 signs', nested('- ', 'a', '', 100), undefined],
  ['101 signs', nested('- ', 'a', '', 101), tooDeep],
  ['10 000 NOT', nested('NOT ', 'a', '', 10_000), tooLong],
  ['101 NOT', nested('NOT ', 'a', '', 101), tooDeep],
  ['a sum of 1000 terms', `SELECT ${repeat(1000, String, ' + ')} FROM s`, undefined],
  ['a sum of 1001 terms', `SELECT ${repeat(1001, String, ' + ')} FROM s`, tooHigh],
  ['a path of 1001 steps', `SELECT a${'->a'.repeat(1001)} FROM s`, tooHigh],
]

for (const [title, sql, refused] of large) {
  test.serial(`${title}: ${refused === undefined ? 'accepted' : 'refused'} at once`, (t) => {
    parseStatement('SELECT a FROM s')
    const times: number[] = []
    for (let run = 0; run < 3; run++) {
      const start = process.cpuUsage()
      const message = messageOf(sql)
      const { user, system } = process.cpuUsage(start)
      times.push((user + system) / 1000)
      if (refused === undefined) t.is(message, undefined)
      else t.regex(message ?? 'accepted', refused)
    }
    t.true(Math.min(...times) < longestMs, `${times} ms`)
  })
}

test('the limits are per statement', (t) => {
  const list = `SELECT ${repeat(2000, (index) => `c${index}`)} FROM s;`
  t.is(parseStatements(list.repeat(3)).length, 3)
})

function messageOf(sql: string): string | undefined {
  try {
    parseStatement(sql)
    return undefined
  } catch (error) {
    if (error instanceof SqlError) return error.message
    throw error
  }
}
