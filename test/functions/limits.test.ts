import test from 'ava'
import { outcome } from './evaluate.ts'

const cases: readonly (readonly [
  sql: string,
  row: Readonly<Record<string, unknown>>,
  error: string,
])[] = [
  [
    'repeat(1, n)',
    { n: 1e9 },
    'call func repeat error: an array of 1000000000 is larger than 1048576',
  ],
  [
    'repeat(1, n)',
    { n: -1 },
    'call func repeat error: second argument should not be negative but got -1',
  ],
  [
    'sequence(1, n)',
    { n: 1e12 },
    'call func sequence error: an array of 1000000000000 is larger than 1048576',
  ],
  [
    'lpad(s, n)',
    { s: 'x', n: 1e9 },
    'call func lpad error: a text of 1000000000 is larger than 1048576',
  ],
  [
    'concat(s, s)',
    { s: 'x'.repeat(600_000) },
    'call func concat error: a text of 1200000 is larger than 1048576',
  ],
  [
    "regexp_replace(s, 'x', r)",
    { s: 'x'.repeat(2000), r: 'y'.repeat(2000) },
    'call func regexp_replace error: a text of 4000000 is larger than 1048576',
  ],
  [
    'array_concat(a, a)',
    { a: new Array(600_000).fill(1) },
    'call func array_concat error: an array of 1200000 is larger than 1048576',
  ],
  ['delay(n, 1)', { n: 60_000 }, 'call func delay error: the delay should be 0 to 1000 ms'],
  [
    'from_unix_time(n)',
    { n: 1e15 },
    'call func from_unix_time error: 1000000000000000000 is no time in milliseconds',
  ],
]

for (const [sql, row, error] of cases) {
  test(`${sql} is bounded: ${error}`, (t) => {
    t.deepEqual(outcome(sql, row), { error })
  })
}

test('a small payload that decompresses to a huge one is an error, not a huge one', (t) => {
  const bomb = { sql: 'decompress(compress(s, "gzip"), "gzip")', s: '\0'.repeat(2_000_000) }
  const answer = outcome(bomb.sql, { s: bomb.s }) as { error: string }
  t.regex(answer.error, /^call func decompress error: /)
})

test('an error does not carry the whole of a large value', (t) => {
  const answer = outcome('s + 1', { s: 'x'.repeat(100_000) }) as { error: string }
  t.true(answer.error.length < 300)
})
