import { arithmetic, negation } from '#src/expressions/arithmetic.ts'
import { kindOf } from '#src/expressions/kinds.ts'
import type { InlineCall, RowDeclaration } from './declaration.ts'
import { ofNumberInline } from './inline.ts'
import { round } from './rounding.ts'
import { BIGINT, FLOAT, number, optional, STRING, sameAs, text, whole } from './signature.ts'
import { checkLength, toCount, toNumber, toText, wrong } from './values.ts'

/** Functions of one number that give a FLOAT; null where the result is no number. */
function ofNumber(
  name: string,
  doc: string,
  call: (value: number) => number,
  gives: readonly [number, number | null],
  inline?: InlineCall,
): RowDeclaration {
  return {
    kind: 'row',
    family: 'math',
    name,
    parameters: [number('x')],
    returns: FLOAT,
    guard: 'null',
    doc,
    examples: [{ sql: `${name}(x)`, row: { x: gives[0] }, gives: gives[1] }],
    inline,
    make: () => (value: unknown) => {
      const result = call(toNumber(value))
      return Number.isNaN(result) ? null : result
    },
  }
}

function roots(value: number): number {
  if (value >= 0) return Math.sqrt(value)
  throw wrong(`The argument must be a positive number but got ${value}`)
}

function positive(value: number): number {
  if (value > 0) return value
  throw wrong(`The argument must be a strictly positive number but got ${value}`)
}

export const mathFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'math',
    name: 'abs',
    parameters: [number('x')],
    returns: sameAs(0),
    guard: 'null',
    doc: 'The number without its sign.',
    examples: [
      { sql: 'abs(x)', row: { x: -1.5 }, gives: 1.5 },
      {
        sql: 'abs(s)',
        row: { s: 'a' },
        gives: { error: 'call func abs error: only float64 & int type are supported' },
      },
    ],
    inline: ofNumberInline((x) => `Math.abs(${x})`),
    make(_, [x]) {
      const negate = negation(x === undefined ? 'float' : kindOf(x.dataType))
      return (value: unknown) => {
        if (typeof value === 'number') return Math.abs(value)
        return typeof value === 'bigint' && value < 0n ? negate(value) : numeric(value)
      }
    },
  },
  {
    kind: 'row',
    family: 'math',
    name: 'sign',
    parameters: [number('x')],
    returns: BIGINT,
    guard: 'null',
    doc: '1 for a number above 0, -1 for one below, 0 for 0.',
    examples: [
      { sql: 'sign(x)', row: { x: -2.5 }, gives: -1 },
      { sql: 'sign(x)', row: { x: 0 }, gives: 0 },
    ],
    make: () => (value: unknown) => Math.sign(toNumber(value)) + 0,
  },
  {
    ...ofNumber(
      'ceil',
      'The least whole number that is not below x.',
      Math.ceil,
      [1.2, 2],
      ofNumberInline((x) => `Math.ceil(${x})`),
    ),
    synonyms: ['ceiling'],
  },
  ofNumber(
    'floor',
    'The greatest whole number that is not above x.',
    Math.floor,
    [-1.5, -2],
    ofNumberInline((x) => `Math.floor(${x})`),
  ),
  {
    kind: 'row',
    family: 'math',
    name: 'round',
    parameters: [number('x'), optional(whole('digits'))],
    returns: FLOAT,
    guard: 'null',
    doc: 'x to that many digits behind the point (0 when left out); halves are rounded away from 0.',
    examples: [
      { sql: 'round(x)', row: { x: -1.5 }, gives: -2 },
      { sql: 'round(x, 2)', row: { x: 2.345 }, gives: 2.35 },
      { sql: 'round(x, -2)', row: { x: 1250 }, gives: 1300 },
    ],
    make:
      () =>
      (value: unknown, digits: unknown = 0) =>
        round(toNumber(value), toCount(digits, 'second argument')),
  },
  {
    kind: 'row',
    family: 'math',
    name: 'trunc',
    parameters: [number('x'), whole('digits')],
    returns: FLOAT,
    guard: 'null',
    doc: 'Rounds, the same as round with two arguments. To cut digits off use floor, or cast to bigint.',
    examples: [{ sql: 'trunc(x, 1)', row: { x: 2.345 }, gives: 2.3 }],
    make: () => (value: unknown, digits: unknown) =>
      round(toNumber(value), toCount(digits, 'second argument')),
  },
  {
    kind: 'row',
    family: 'math',
    name: 'mod',
    parameters: [number('x'), number('y')],
    returns: (args) => (args.every(({ dataType }) => dataType.type === 'bigint') ? BIGINT : FLOAT),
    guard: 'null',
    doc: 'The rest of x divided by y, with the sign of x.',
    examples: [
      { sql: 'mod(x, 3)', row: { x: 7 }, gives: 1 },
      { sql: 'mod(x, 3)', row: { x: -7.5 }, gives: -1.5 },
    ],
    make(_, [x, y]) {
      const rest = arithmetic('%', kindOf(x?.dataType ?? FLOAT), kindOf(y?.dataType ?? FLOAT))
      return (value: unknown, by: unknown) => rest(numeric(value), numeric(by))
    },
  },
  {
    kind: 'row',
    family: 'math',
    name: 'power',
    synonyms: ['pow'],
    parameters: [number('x'), number('y')],
    returns: FLOAT,
    guard: 'null',
    doc: 'x to the power of y; null when there is none.',
    examples: [
      { sql: 'power(x, 2)', row: { x: 2.5 }, gives: 6.25 },
      { sql: 'pow(x, 0.5)', row: { x: -1 }, gives: null },
    ],
    make: () => (value: unknown, exponent: unknown) => {
      const result = toNumber(value) ** toNumber(exponent)
      return Number.isNaN(result) ? null : result
    },
  },
  ofNumber('exp', 'e to the power of x.', Math.exp, [0, 1]),
  ofNumber('ln', 'The natural logarithm.', (value) => Math.log(positive(value)), [1, 0]),
  {
    kind: 'row',
    family: 'math',
    name: 'log',
    parameters: [number('base'), optional(number('x'))],
    returns: FLOAT,
    guard: 'null',
    doc: 'With one argument its logarithm to the base 10; with two, that of the second to the base given first.',
    examples: [
      { sql: 'log(x)', row: { x: 100 }, gives: 2 },
      { sql: 'log(2, x)', row: { x: 8 }, gives: 3 },
      {
        sql: 'log(x)',
        row: { x: -3 },
        gives: {
          error: 'call func log error: The argument must be a strictly positive number but got -3',
        },
      },
    ],
    make: () => (first: unknown, second?: unknown) => {
      const base = positive(toNumber(first))
      if (second === undefined) return Math.log10(base)
      const value = positive(toNumber(second))
      return base === 2 ? Math.log2(value) : Math.log(value) / Math.log(base)
    },
  },
  ofNumber(
    'sqrt',
    'The square root.',
    roots,
    [16, 4],
    ofNumberInline((x) => `Math.sqrt(${x})`, ' && $ >= 0'),
  ),
  ofNumber('sin', 'The sine of an angle in radians.', Math.sin, [0, 0]),
  ofNumber('cos', 'The cosine of an angle in radians.', Math.cos, [0, 1]),
  ofNumber('tan', 'The tangent of an angle in radians.', Math.tan, [0, 0]),
  ofNumber('asin', 'The angle of that sine; null outside -1 to 1.', Math.asin, [2, null]),
  ofNumber('acos', 'The angle of that cosine; null outside -1 to 1.', Math.acos, [1, 0]),
  ofNumber('atan', 'The angle of that tangent.', Math.atan, [0, 0]),
  {
    kind: 'row',
    family: 'math',
    name: 'atan2',
    parameters: [number('y'), number('x')],
    returns: FLOAT,
    guard: 'null',
    doc: 'The angle of the point (x, y), in radians.',
    examples: [{ sql: 'atan2(y, 1)', row: { y: 0 }, gives: 0 }],
    make: () => (y: unknown, x: unknown) => Math.atan2(toNumber(y), toNumber(x)),
  },
  ofNumber('sinh', 'The hyperbolic sine.', Math.sinh, [0, 0]),
  ofNumber('cosh', 'The hyperbolic cosine.', Math.cosh, [0, 1]),
  ofNumber('tanh', 'The hyperbolic tangent.', Math.tanh, [0, 0]),
  ofNumber('cot', 'The cotangent of an angle in radians.', (value) => 1 / Math.tan(value), [
    Math.PI / 4,
    1.0000000000000002,
  ]),
  ofNumber('radians', 'An angle in degrees, in radians.', (value) => (value * Math.PI) / 180, [
    180,
    Math.PI,
  ]),
  ofNumber('degrees', 'An angle in radians, in degrees.', (value) => (value * 180) / Math.PI, [
    Math.PI,
    180,
  ]),
  {
    kind: 'row',
    family: 'math',
    name: 'pi',
    parameters: [],
    returns: FLOAT,
    guard: 'none',
    doc: 'The ratio of a circle to its diameter.',
    examples: [{ sql: 'pi()', gives: Math.PI }],
    make: () => () => Math.PI,
  },
  {
    kind: 'row',
    family: 'math',
    name: 'rand',
    parameters: [],
    returns: FLOAT,
    guard: 'none',
    volatile: true,
    doc: 'A random number from 0 to 1, without 1.',
    examples: [{ sql: 'rand() < 1', gives: true }],
    make: () => () => Math.random(),
  },
  {
    kind: 'row',
    family: 'math',
    name: 'conv',
    parameters: [text('digits'), whole('from'), whole('to')],
    returns: STRING,
    guard: 'null',
    doc: 'A number written to the base `from`, written to the base `to`; a negative `to` keeps the sign. Null for a base outside 2 to 36.',
    examples: [
      { sql: "conv('ff', 16, 10)", gives: '255' },
      { sql: "conv('-17', 10, -18)", gives: '-H' },
      { sql: "conv('10', 1, 2)", gives: null },
    ],
    make: () => (digits: unknown, from: unknown, to: unknown) =>
      converted(toText(digits), toCount(from, 'base'), toCount(to, 'base')),
  },
]

function numeric(value: unknown): number | bigint {
  return typeof value === 'bigint' ? value : toNumber(value)
}

/** A negative number to a positive base is its two's complement in 64 bits, as in MySQL. */
function converted(text: string, from: number, to: number): string | null {
  const bases = [Math.abs(from), Math.abs(to)]
  if (bases.some((base) => base < 2 || base > 36)) return null
  checkLength(text.length, 'a text')
  const isNegative = text.startsWith('-')
  let value = 0n
  for (const character of isNegative ? text.slice(1) : text) {
    const digit = Number.parseInt(character, 36)
    if (Number.isNaN(digit) || digit >= Math.abs(from)) break
    value = BigInt.asUintN(64, value * BigInt(Math.abs(from)) + BigInt(digit))
  }
  if (isNegative) value = to < 0 ? -value : BigInt.asUintN(64, -value)
  return value.toString(Math.abs(to)).toUpperCase()
}
