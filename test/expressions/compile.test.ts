import test from 'ava'
import { Expressions } from '#src/expressions/compile.ts'
import { fold } from '#src/expressions/fold.ts'
import { Scope } from '#src/expressions/scope.ts'
import type { Call, PlanExpression } from '#src/plan/expression.ts'
import { ANY, type DataType } from '#src/plan/types.ts'
import { environment, functions } from '#test/functions/evaluate.ts'

const expressions = new Expressions(environment, functions)
const BIGINT: DataType = { type: 'bigint' }

test('a record has its fields in the order of the statement, missing columns included', (t) => {
  const make = expressions.compileRecord([
    { name: 'b', expression: column('b') },
    { name: 'a b', expression: column('a') },
  ])
  t.deepEqual(Object.keys(make({ a: 1 })), ['b', 'a b'])
  t.deepEqual(make({ a: 1, b: 2 }), { b: 2, 'a b': 1 })
})

test('a field named __proto__ is a field like any other', (t) => {
  const make = expressions.compileRecord([{ name: '__proto__', expression: literal(5) }])
  const made = make({})
  t.deepEqual(Object.entries(made), [['__proto__', 5]])
  t.is(Object.getPrototypeOf(made), Object.prototype)
})

test('no name and no text of a statement becomes code', (t) => {
  const hostile = '"];globalThis.broken=1;//\u2028`\\u0024{1}\\'
  const make = expressions.compileRecord([
    { name: hostile, expression: column(hostile) },
    { name: 'text', expression: literal(hostile) },
    { name: 'path', expression: { type: 'path', base: column('o'), name: hostile, dataType: ANY } },
    {
      name: 'in',
      expression: {
        type: 'in',
        not: false,
        operand: column('x'),
        list: [literal(hostile)],
        dataType: { type: 'boolean' },
      },
    },
  ])
  const made = make({ [hostile]: 1, o: { [hostile]: 2 }, x: hostile })
  t.deepEqual(made, { [hostile]: 1, text: hostile, path: 2, in: true })
  t.false('broken' in globalThis)
})

test('literals keep their values: numbers of any size, texts with line separators', (t) => {
  const values = [
    0,
    -0,
    -1,
    1e21,
    5e-324,
    Number.MAX_VALUE,
    2n ** 62n,
    'a\u2028\u2029"\\',
    true,
    null,
  ]
  t.deepEqual(expressions.compileTuple(values.map(literal))({}), values)
})

test('behind a join a column is read from the row of its stream', (t) => {
  const value = expressions.compileValue({ ...column('v'), stream: 'l' })
  t.is(value({ l: { v: 1 }, r: { v: 2 } }), 1)
  t.is(value({ l: null, r: { v: 2 } }), undefined)
  t.is(value({}), undefined)
})

test('a condition keeps a row only when it is true', (t) => {
  const isTrue = expressions.compilePredicate(column('b'))
  t.true(isTrue({ b: true }))
  t.false(isTrue({ b: false }))
  t.false(isTrue({ b: null }))
  t.false(isTrue({}))
  t.throws(() => isTrue({ b: 1.5 }), {
    message: 'invalid condition that returns non-bool value float64(1.5)',
  })
})

test('an unknown condition is false as a field and null as an argument', (t) => {
  const comparison: PlanExpression = {
    type: 'binary',
    operator: '=',
    left: column('a'),
    right: literal(1),
    dataType: { type: 'boolean' },
  }
  t.deepEqual(expressions.compileRecord([{ name: 'v', expression: comparison }])({}), { v: false })
  t.deepEqual(expressions.compileTuple([comparison])({}), [null])
})

test('a call of a plugin gets the values of its arguments', (t) => {
  const calls: unknown[][] = []
  const withPlugin = new Expressions(environment, functions, (call) => (...args) => {
    calls.push([call.name, ...args])
    return 'made'
  })
  t.is(
    withPlugin.compileValue({ ...callOf('echo', [column('a'), literal('x')]), plugin: 0 })({
      a: 1,
    }),
    'made',
  )
  t.deepEqual(calls, [['echo', 1, 'x']])
})

test('a function is called once for each call in the statement, and not at all when a guard decides', (t) => {
  const value = expressions.compileValue(callOf('substring', [column('s'), literal(1)]))
  t.is(value({ s: null }), null)
  t.is(value({ s: 'abc' }), 'bc')
})

test('generated operators can share one scope', (t) => {
  const scope = new Scope()
  const sum: PlanExpression = {
    type: 'binary',
    operator: '+',
    left: column('a'),
    right: literal(1),
    dataType: ANY,
  }
  const text = `[${expressions.emit(sum, scope)}, ${expressions.emitCondition(column('b'), scope)}]`
  t.deepEqual(scope.build(text)({ a: 1, b: true }), [2, true])
})

test('what depends on no row is computed once, and what fails is left to the rows', (t) => {
  const folded = (expression: PlanExpression) => fold(expression, expressions, functions)
  const sum: PlanExpression = {
    type: 'binary',
    operator: '+',
    left: literal(1),
    right: literal(2),
    dataType: BIGINT,
  }
  t.deepEqual(folded(sum), literal(3))
  t.deepEqual(folded(callOf('upper', [literal('a')], { type: 'string' })), literal('A'))
  const division: PlanExpression = { ...sum, operator: '/', right: literal(0) }
  t.is(folded(division).type, 'binary')
  t.is(folded(callOf('rand', [])).type, 'call')
  t.is(folded(callOf('array_create', [literal(1)])).type, 'call')
  t.deepEqual(folded({ ...sum, left: column('a'), right: sum }), {
    ...sum,
    left: column('a'),
    right: literal(3),
  })
})

test('a folded text of a whole number stays a text', (t) => {
  const cast = callOf('cast', [literal(5), literal('string')], { type: 'string' })
  t.deepEqual(fold(cast, expressions, functions), literal('5'))
})

function column(name: string): Extract<PlanExpression, { type: 'column' }> {
  return { type: 'column', name, dataType: ANY }
}

function literal(value: number | bigint | string | boolean | null): PlanExpression {
  const isWhole = typeof value === 'bigint' || Number.isInteger(value)
  const known = typeof value === 'string' ? 'string' : 'boolean'
  const dataType: DataType =
    value === null
      ? ANY
      : { type: isWhole ? 'bigint' : typeof value === 'number' ? 'float' : known }
  return { type: 'literal', value, dataType }
}

function callOf(name: string, args: readonly PlanExpression[], dataType: DataType = ANY): Call {
  return { type: 'call', name, args, id: 0, dataType }
}
