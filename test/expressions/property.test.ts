import test from 'ava'
import fc from 'fast-check'
import { Expressions } from '#src/expressions/compile.ts'
import type { PlanExpression } from '#src/plan/expression.ts'
import { binaryType, commonType, negateType } from '#src/plan/infer.ts'
import type { DataType } from '#src/plan/types.ts'
import type { BinaryOperator } from '#src/sql/ast.ts'
import { environment, functions } from '#test/functions/evaluate.ts'
import { ModelError, model } from './model.ts'

const expressions = new Expressions(environment, functions)

const BIGINT: DataType = { type: 'bigint' }
const FLOAT: DataType = { type: 'float' }
const BOOLEAN: DataType = { type: 'boolean' }

const whole = fc.oneof(
  fc.integer({ min: -10, max: 10 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(held),
)
const fraction = fc.oneof(
  fc.integer({ min: -4, max: 4 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const missing = fc.constantFrom(null, undefined)

const row = fc.record({
  i: fc.oneof({ weight: 4, arbitrary: whole }, missing),
  j: fc.oneof({ weight: 4, arbitrary: whole }, missing),
  f: fc.oneof({ weight: 4, arbitrary: fraction }, missing),
  s: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('a', 'b', '') }, missing),
  b: fc.oneof({ weight: 4, arbitrary: fc.boolean() }, missing),
  x: fc.oneof(fraction, fc.boolean(), fc.string({ maxLength: 2 }), missing),
})

const columns: readonly PlanExpression[] = [
  { type: 'column', name: 'i', dataType: BIGINT },
  { type: 'column', name: 'j', dataType: BIGINT },
  { type: 'column', name: 'f', dataType: FLOAT },
  { type: 'column', name: 's', dataType: { type: 'string' } },
  { type: 'column', name: 'b', dataType: BOOLEAN },
  { type: 'column', name: 'x', dataType: { type: 'any' } },
]

const literal: fc.Arbitrary<PlanExpression> = fc.oneof(
  whole.map((value) => ({ type: 'literal' as const, value, dataType: BIGINT })),
  fraction.map((value) => ({ type: 'literal' as const, value, dataType: FLOAT })),
  fc.constantFrom('a', 'b').map((value) => ({
    type: 'literal' as const,
    value,
    dataType: { type: 'string' as const },
  })),
  fc.boolean().map((value) => ({ type: 'literal' as const, value, dataType: BOOLEAN })),
)

const operators: readonly BinaryOperator[] = [
  'OR',
  'AND',
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '^',
]

const { tree } = fc.letrec<{ tree: PlanExpression }>((tie) => {
  const leaf = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...columns) }, literal)
  const part = tie('tree')
  const branch: fc.Arbitrary<PlanExpression>[] = [
    fc.tuple(fc.constantFrom(...operators), part, part).map(([operator, left, right]) => ({
      type: 'binary',
      operator,
      left,
      right,
      dataType: binaryType(operator, left.dataType, right.dataType),
    })),
    part.map((operand) => ({ type: 'not', operand, dataType: BOOLEAN })),
    part.map((operand) => ({ type: 'negate', operand, dataType: negateType(operand.dataType) })),
    fc
      .tuple(fc.boolean(), part)
      .map(([not, operand]) => ({ type: 'is-null', not, operand, dataType: BOOLEAN })),
    fc.tuple(fc.boolean(), part, part, part).map(([not, operand, low, high]) => ({
      type: 'between',
      not,
      operand,
      low,
      high,
      dataType: BOOLEAN,
    })),
    fc
      .tuple(fc.boolean(), part, fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([not, operand, list]) => ({ type: 'in', not, operand, list, dataType: BOOLEAN })),
    fc.tuple(part, part, part).map(([condition, result, otherwise]) => ({
      type: 'case',
      whens: [{ condition, result }],
      otherwise,
      dataType: commonType([result.dataType, otherwise.dataType]),
    })),
  ]
  return { tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, ...branch) }
})

/** Whether it needs to know at run time if a number is whole: the model knows static types only. */
function isStatic(expression: PlanExpression): boolean {
  return !JSON.stringify(expression, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  ).includes('wholeIsBigint')
}

test('compiled expressions give what walking the expression gives', (t) => {
  fc.assert(
    fc.property(
      tree.filter(isStatic),
      fc.array(row, { minLength: 1, maxLength: 5 }),
      (expression, rows) => {
        const compiled = expressions.compileTuple([expression])
        for (const values of rows) {
          const expected = attempt(() => model(expression, values))
          const found = attempt(() => compiled(values)[0] ?? null)
          if (!same(found, expected)) {
            throw new Error(`found ${String(found)}, expected ${String(expected)}`)
          }
        }
      },
    ),
    { numRuns: 3000 },
  )
  t.pass()
})

test('a condition holds exactly when its value is true', (t) => {
  fc.assert(
    fc.property(tree.filter(isStatic), row, (expression, values) => {
      const value = attempt(() => expressions.compileTuple([expression])(values)[0])
      // Where the value fails the condition may be decided before the failing part is reached.
      if (value === failed) return
      const holds = attempt(() => expressions.compilePredicate(expression)(values))
      if (typeof value === 'boolean' || value === null || value === undefined) {
        if (holds !== (value === true)) throw new Error(`${String(value)} but ${String(holds)}`)
      } else if (holds !== failed) throw new Error(`${String(value)} passes as a condition`)
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

const failed = Symbol('failed')

function attempt(evaluate: () => unknown): unknown {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof ModelError || (error as Error).name === 'RowError') return failed
    throw error
  }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || Object.is(a, b)
}

/** A whole number as rows hold it. */
function held(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
