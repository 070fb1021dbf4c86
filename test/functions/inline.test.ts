import test from 'ava'
import fc from 'fast-check'
import { RowError } from '#src/expressions/errors.ts'
import { environment, functions, outcome, type Row } from './evaluate.ts'

/** What is written into the generated code says what the function says, whatever the arguments. */

const texts = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('straße', 'plant-12', 'x'.repeat(20_000), '😀😀b', ''),
)
const value = fc.oneof(
  { weight: 6, arbitrary: texts },
  { weight: 6, arbitrary: fc.double() },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 9 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      2n ** 60n,
      [],
      [1, 'a'],
      {},
      { x: 1 },
    ),
  },
)
const row = fc.record({ a: value, b: value })

const calls: readonly (readonly [sql: string, name: string, args: (row: Row) => unknown[]])[] = [
  ['abs(a)', 'abs', ({ a }) => [a]],
  ['floor(a)', 'floor', ({ a }) => [a]],
  ['ceil(a)', 'ceil', ({ a }) => [a]],
  ['sqrt(a)', 'sqrt', ({ a }) => [a]],
  ['upper(a)', 'upper', ({ a }) => [a]],
  ['lower(concat(a, b))', 'lower', ({ a, b }) => [called('concat', [a, b])]],
  ["concat(a, '@', b)", 'concat', ({ a, b }) => [a, '@', b]],
  ['length(a)', 'length', ({ a }) => [a]],
  ['substring(a, 1, 3)', 'substring', ({ a }) => [a, 1, 3]],
  ['substring(a, 2)', 'substring', ({ a }) => [a, 2]],
  ['substring(a, b)', 'substring', ({ a, b }) => [a, b]],
  ["startswith(a, 'plant')", 'startswith', ({ a }) => [a, 'plant']],
  ['endswith(a, b)', 'endswith', ({ a, b }) => [a, b]],
  ["coalesce(a, b, 'none')", 'coalesce', ({ a, b }) => [a, b, 'none']],
]

for (const [sql, name, args] of calls) {
  test(`${sql} is what the function says`, (t) => {
    fc.assert(
      fc.property(row, (given) => {
        t.deepEqual(
          outcome(sql, given, { int: false }),
          direct(name, () => args(given)),
        )
      }),
      { seed: 61, numRuns: 200 },
    )
  })
}

test('an argument that fails behind a null does not fail the row', (t) => {
  t.is(outcome('startswith(a, upper(split_value(b, ",", 3)))', { a: null, b: 'x' }), false)
})

test('an object and an array are read as they are, and what is neither is an error of its row', (t) => {
  t.is(outcome('a->constructor', { a: { constructor: 7 } }), 7)
  t.is(outcome('a->x', { a: Object.assign(Object.create(null), { x: 8 }) }), 8)
  t.is(outcome('a->x', { a: null }), null)
  t.deepEqual(outcome('a->x', { a: [1] }), {
    error: 'the result [1] is not a type of map[string]interface{}',
  })
  t.is(outcome('a[1]', { a: [1, 2] }), 2)
  t.like(outcome('a[2]', { a: [1, 2] }), { error: 'out of index: 2 of 2' })
  t.is(outcome('a[0]', { a: null }), null)
  t.deepEqual(outcome('a[0]', { a: 'text' }), { error: 'the result text is not a type of array' })
})

test('CASE compares with literals as = does', (t) => {
  const sql = "CASE a WHEN 'x' THEN 1 WHEN 5 THEN 2 ELSE 3 END"
  t.is(outcome("CASE a WHEN 'x' THEN 1 WHEN 'y' THEN 2 ELSE 3 END", { a: 'y' }), 2)
  t.is(outcome("CASE a WHEN 'x' THEN 1 ELSE 3 END", { a: null }), 3)
  t.is(outcome('CASE a WHEN 5 THEN 2 ELSE 3 END', { a: 5n }), 2)
  t.deepEqual(outcome(sql, { a: 5 }), { error: 'invalid operation int64(5) = string(x)' })
})

function called(name: string, args: readonly unknown[]): unknown {
  const declaration = functions.row(name)
  const known = args.map(() => ({ dataType: { type: 'any' } }) as const)
  const call = declaration.make(environment, known) as (...args: unknown[]) => unknown
  const { guard } = declaration
  const isNothing = (arg: unknown) =>
    arg === null || arg === undefined || (typeof arg === 'object' && Object.keys(arg).length === 0)
  if (guard !== 'none' && args.some(isNothing)) {
    return { null: null, false: false, zero: 0 }[guard]
  }
  return call(...args)
}

function direct(name: string, args: () => readonly unknown[]): unknown {
  try {
    return called(name, args())
  } catch (cause) {
    if (!(cause instanceof RowError)) throw cause
    const { message } = cause
    return {
      error: message.startsWith('call func') ? message : `call func ${name} error: ${message}`,
    }
  }
}
