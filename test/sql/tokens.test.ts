import test from 'ava'
import { SqlError } from '#src/sql/errors.ts'
import { tokenize } from '#src/sql/tokens.ts'

function kinds(text: string): string[] {
  return tokenize(text).map(({ kind, text: value }) => `${kind}:${value}`)
}

test('words are keywords in any case, else names, and back-ticks make names of all', (t) => {
  t.deepEqual(kinds('seLect a _b1 größe 温度 `from` `a b`'), [
    'keyword:SELECT',
    'name:a',
    'name:_b1',
    'name:größe',
    'name:温度',
    'name:from',
    'name:a b',
    'end:',
  ])
})

test('numbers are integers or decimals', (t) => {
  t.deepEqual(kinds('1 1.5 .5 1e3 1E-3 2.5e+10'), [
    'integer:1',
    'decimal:1.5',
    'decimal:.5',
    'decimal:1e3',
    'decimal:1E-3',
    'decimal:2.5e+10',
    'end:',
  ])
})

test('operators of two characters may hold white space', (t) => {
  t.deepEqual(kinds('> = <\n= ! = <> < > -> - >'), [
    'operator:>=',
    'operator:<=',
    'operator:!=',
    'operator:!=',
    'operator:!=',
    'operator:->',
    'operator:-',
    'operator:>',
    'end:',
  ])
})

test('strings take both quotes, the escapes of Go and the doubled quote', (t) => {
  const strings: readonly (readonly [written: string, value: string])[] = [
    ['"a\'b"', "a'b"],
    ["'a\"b'", 'a"b'],
    ["'it''s'", "it's"],
    ['"a""b"', 'a"b'],
    ['""', ''],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\"\\\'"', '\x07\b\f\n\r\t\v\\"\''],
    ['"\\x41\\u4e2d\\U0001F600\\101"', 'A中😀A'],
    ['"line\nbreak -- /* no comment"', 'line\nbreak -- /* no comment'],
  ]
  for (const [written, value] of strings) {
    const [token] = tokenize(written)
    t.is(token?.kind, 'string', written)
    t.is(token?.text, value, written)
  }
})

test('comments are left out', (t) => {
  t.deepEqual(kinds('a -- b\n/* c */ d /* "e */ -- f'), ['name:a', 'name:d', 'end:'])
})

test('a topic is one name behind FROM and JOIN only', (t) => {
  t.deepEqual(kinds('FROM a/+/b-1/2x/# AS x'), [
    'keyword:FROM',
    'name:a/+/b-1/2x/#',
    'keyword:AS',
    'name:x',
    'end:',
  ])
  t.deepEqual(kinds('FROM /a;'), ['keyword:FROM', 'name:/a', 'operator:;', 'end:'])
  t.deepEqual(kinds('FROM demo/* c */'), ['keyword:FROM', 'name:demo', 'end:'])
  t.deepEqual(kinds('a/b'), ['name:a', 'operator:/', 'name:b', 'end:'])
  t.deepEqual(kinds('x.from a/b').slice(3, 5), ['name:a', 'operator:/'])
})

test('every token has its line, its column and its offset', (t) => {
  const places = tokenize('a\n  "b\n"\r\n/*\n*/ c').map(({ at }) => [at.line, at.column, at.offset])
  t.deepEqual(places, [
    [1, 1, 0],
    [2, 3, 4],
    [5, 4, 16],
    [5, 5, 17],
  ])
})

test('a character of no use is refused, whole even outside the basic plane', (t) => {
  t.throws(() => tokenize('a 😀'), {
    instanceOf: SqlError,
    message: 'unexpected "😀" (line 1, column 3)',
  })
})
