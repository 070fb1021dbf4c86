import test from 'ava'
import { likeMatcher } from '#src/expressions/like.ts'
import { evaluate, outcome } from '#test/functions/evaluate.ts'

const cases: readonly (readonly [text: string, pattern: string, matches: boolean])[] = [
  ['Hello', 'Hello', true],
  ['Hello', 'hello', false],
  ['Hello', 'Hel%', true],
  ['Hello', '%ll%', true],
  ['Hello', '%lo', true],
  ['Hello', 'H_llo', true],
  ['Hello', 'H%l_', true],
  ['Hello', '_', false],
  ['', '%', true],
  ['', '_', false],
  ['', '', true],
  ['abc', 'a.c', false],
  ['aab', 'a*b', false],
  ['a+b', 'a+b', true],
  ['[a]', '[a]', true],
  ['f(x)', 'f(_)', true],
  ['one\ntwo', 'one%two', true],
  ['one\ntwo', 'one_two', true],
  ['100%', '100\\%', true],
  ['1000', '100\\%', false],
  ['a_b', 'a\\_b', true],
  ['axb', 'a\\_b', false],
  ['a\\b', 'a\\\\b', true],
  ['a\\b', 'a\\b', true],
  ['a\\', 'a\\', true],
  ['😀!', '_!', true],
  ['abcabd', '%abd', true],
  ['aXbXc', 'a%b%c', true],
  ['aXbX', 'a%b%c', false],
]

for (const [text, pattern, matches] of cases) {
  test(`${JSON.stringify(text)} LIKE ${JSON.stringify(pattern)} is ${matches}`, (t) => {
    t.is(likeMatcher(pattern)(text), matches)
    t.is(evaluate('s LIKE p', { s: text, p: pattern }), matches)
  })
}

test('a pattern of many wildcards stays fast on a text that almost matches', (t) => {
  const match = likeMatcher(`${'%a'.repeat(30)}%b`)
  const before = performance.now()
  t.false(match('a'.repeat(5000)))
  t.true(performance.now() - before < 10_000)
})

test('LIKE is unknown for null and an error for what is no text', (t) => {
  t.is(evaluate("(s LIKE 'a%') IS NULL", { s: null }), true)
  t.is(evaluate("s NOT LIKE 'a%'", { s: 'b' }), true)
  t.deepEqual(outcome("s LIKE 'a%'", { s: 5 }), {
    error: 'invalid operation int64(5) LIKE string(a%)',
  })
  t.deepEqual(outcome('s LIKE p', { s: 'a', p: 5 }), {
    error: 'invalid operation string(a) LIKE int64(5)',
  })
})
