import test from 'ava'
import type { Expression } from '#src/sql/ast.ts'
import { parseExpression, parseStatement } from '#src/sql/parse.ts'
import { childrenOf } from '#src/sql/tree.ts'
import { withoutPositions } from './positions.ts'

/** A tree as nested calls, to be read by eye. */
function sketch(expression: Expression): string {
  const inside = childrenOf(expression).map(sketch).join(' ')
  switch (expression.type) {
    case 'literal':
      return typeof expression.value === 'string' ? `'${expression.value}'` : `${expression.value}`
    case 'name':
      return expression.name
    case 'binary':
    case 'unary':
      return `(${expression.operator} ${inside})`
    case 'member':
      return `(${expression.operator} ${inside} ${expression.name})`
    case 'call':
      return `(${expression.name} ${inside})`
    default: {
      const not = 'not' in expression && expression.not ? 'not-' : ''
      return `(${not}${expression.type} ${inside})`
    }
  }
}

const sketches: readonly (readonly [sql: string, tree: string])[] = [
  ['a OR b AND c', '(OR a (AND b c))'],
  ['a AND b OR c', '(OR (AND a b) c)'],
  ['NOT a = b', '(NOT (= a b))'],
  ['NOT a AND b', '(AND (NOT a) b)'],
  ['NOT a IN (1) OR b', '(OR (NOT (in a 1)) b)'],
  ['a = b = c', '(= (= a b) c)'],
  ['a = b LIKE c', '(like (= a b) c)'],
  ['a + b = c', '(= (+ a b) c)'],
  ['a | b & c ^ d + e * f', '(+ (^ (| a (& b c)) d) (* e f))'],
  ['a - b - c', '(- (- a b) c)'],
  ['-a * b', '(* (- a) b)'],
  ['-a->b[0]', '(- (subscript (-> a b) 0))'],
  ['e * f[0]', '(* e (subscript f 0))'],
  ['a.b->c', '(-> (. a b) c)'],
  ['a BETWEEN 1 AND 2 AND b', '(AND (between a 1 2) b)'],
  ['a NOT BETWEEN b + 1 AND c * 2 = d', '(= (not-between a (+ b 1) (* c 2)) d)'],
  ['a NOT IN b + c', '(not-in a (+ b c))'],
  ['a IN (1, b OR c)', '(in a 1 (OR b c))'],
  ['a IN (1) + 2', '(+ (in a 1) 2)'],
  ['a IS NOT NULL = b', '(= (not-is-null a) b)'],
  ['f(a = 1, b OR c AND d, e)', '(f (= a 1) (OR b (AND c d)) e)'],
  ['CASE a WHEN b THEN c ELSE d OR e END', '(case a b c (OR d e))'],
  ['CAST(a + 1 AS BIGINT)', "(CAST (+ a 1) 'bigint')"],
  ['a[b + 1:c]', '(slice a (+ b 1) c)'],
  ['a[:c]', '(slice a c)'],
]

for (const [sql, tree] of sketches) {
  test(`${sql} is ${tree}`, (t) => {
    t.is(sketch(parseExpression(sql)), tree)
  })
}

test('literals keep their kind', (t) => {
  const literal = (sql: string) => withoutPositions(parseExpression(sql))
  t.deepEqual(literal('5'), { type: 'literal', value: 5, kind: 'bigint' })
  t.deepEqual(literal('-5'), { type: 'literal', value: -5, kind: 'bigint' })
  t.deepEqual(literal('5.0'), { type: 'literal', value: 5, kind: 'float' })
  t.deepEqual(literal('5e0'), { type: 'literal', value: 5, kind: 'float' })
  t.deepEqual(literal('-0'), { type: 'literal', value: 0, kind: 'bigint' })
  t.deepEqual(literal('9007199254740991'), {
    type: 'literal',
    value: 9007199254740991,
    kind: 'bigint',
  })
  t.deepEqual(literal('9007199254740992'), {
    type: 'literal',
    value: 9007199254740992n,
    kind: 'bigint',
  })
  t.deepEqual(literal('TRUE'), { type: 'literal', value: true, kind: 'boolean' })
  t.deepEqual(literal("'it''s'"), { type: 'literal', value: "it's", kind: 'string' })
})

test('every part of a SELECT is in its tree, with its place', (t) => {
  const at = (column: number) => ({ line: 1, column, offset: column - 1 })
  const name = (text: string, column: number) => ({
    type: 'name',
    at: at(column),
    name: text,
    quoted: false,
  })
  t.deepEqual(
    parseStatement('SELECT DISTINCT a AS x INVISIBLE FROM s AS t LEFT JOIN u/# ON b LIMIT 3'),
    {
      type: 'select',
      at: at(1),
      distinct: true,
      fields: [{ expression: { ...name('a', 17), type: 'name' }, as: 'x', invisible: true }],
      from: { at: at(39), name: 's', as: 't' },
      joins: [
        {
          at: at(56),
          join: 'left',
          from: { at: at(56), name: 'u/#', as: undefined },
          on: { ...name('b', 63), type: 'name' },
        },
      ],
      where: undefined,
      groupBy: [],
      having: undefined,
      orderBy: [],
      limit: 3,
    },
  )
})

test('a star keeps its modifiers and the suffixes of a call their parts', (t) => {
  t.deepEqual(withoutPositions(parseExpression('count(s.* EXCEPT(a, b) REPLACE(c AS d))')), {
    type: 'call',
    name: 'count',
    args: [
      {
        type: 'member',
        base: { type: 'name', name: 's', quoted: false },
        operator: '.',
        name: '*',
        star: {
          type: 'star',
          except: ['a', 'b'],
          replace: [{ expression: { type: 'name', name: 'c', quoted: false }, as: 'd' }],
        },
      },
    ],
    distinct: false,
    filter: undefined,
    over: undefined,
  })
  const call = parseExpression(
    'f(DISTINCT a) FILTER(WHERE b) OVER(PARTITION BY c, d WHEN e ORDER BY g DESC, h)',
  )
  if (call.type !== 'call') return t.fail('no call')
  t.true(call.distinct)
  t.is(call.filter && sketch(call.filter), 'b')
  t.deepEqual(call.over?.partition.map(sketch), ['c', 'd'])
  t.is(call.over?.when && sketch(call.over.when), 'e')
  t.deepEqual(
    call.over?.order.map((key) => [sketch(key.expression), key.descending]),
    [
      ['g', true],
      ['h', false],
    ],
  )
})
