import test from 'ava'
import { evaluate } from './evaluate.ts'

const row = { i: 7, a: [7, 9], o: { x: 7 }, js: '{"x":7}' }

const expressions: readonly (readonly [sql: string, asFloat: number, asBigint: number])[] = [
  ['i / 2', 3.5, 3],
  ['a[0] / 2', 3.5, 3],
  ['o->x / 2', 3.5, 3],
  ['element_at(a, 0) / 2', 3.5, 3],
  ['values(o)[0] / 2', 3.5, 3],
  ['array_sort(a)[0] / 2', 3.5, 3],
  ['array_concat(a, a)[0] / 2', 3.5, 3],
  ['coalesce(i, 1) / 2', 3.5, 3],
  ['abs(i) / 2', 3.5, 3],
  ['length(a) / 2', 1, 1],
  ['7 / 2', 3, 3],
]

for (const [sql, asFloat, asBigint] of expressions) {
  test(`${sql} divides by the type of the numbers in the stream`, (t) => {
    t.is(evaluate(sql, row, { int: false }), asFloat)
    t.is(evaluate(sql, row, { int: true }), asBigint)
  })
}

test('numbers in parsed JSON are FLOAT', (t) => {
  t.is(evaluate('parse_json(js)->x / 2', row), 3.5)
})
