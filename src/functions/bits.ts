import { arithmetic } from '#src/expressions/arithmetic.ts'
import { display } from '#src/expressions/errors.ts'
import { fromBigint } from '#src/expressions/kinds.ts'
import type { RowDeclaration } from './declaration.ts'
import { BIGINT, whole } from './signature.ts'
import { wrong } from './values.ts'

function ofTwo(
  name: string,
  operator: '&' | '|' | '^',
  doc: string,
  gives: number,
): RowDeclaration {
  return {
    kind: 'row',
    family: 'math',
    name,
    parameters: [whole('a'), whole('b')],
    returns: BIGINT,
    guard: 'null',
    doc,
    examples: [{ sql: `${name}(a, 3)`, row: { a: 6 }, gives }],
    make() {
      const operate = arithmetic(operator, 'int', 'int')
      return (a: unknown, b: unknown) => operate(bits(a, 'first'), bits(b, 'second'))
    },
  }
}

export const bitFunctions: readonly RowDeclaration[] = [
  ofTwo('bitand', '&', 'The bits that are set in both numbers.', 2),
  ofTwo('bitor', '|', 'The bits that are set in one of the numbers.', 7),
  ofTwo('bitxor', '^', 'The bits in which the numbers differ.', 5),
  {
    kind: 'row',
    family: 'math',
    name: 'bitnot',
    parameters: [whole('a')],
    returns: BIGINT,
    guard: 'null',
    doc: 'Every bit of the number turned over.',
    examples: [{ sql: 'bitnot(a)', row: { a: 6 }, gives: -7 }],
    make: () => (a: unknown) => fromBigint(BigInt.asIntN(64, ~BigInt(bits(a, 'first')))),
  },
]

function bits(value: unknown, position: string): number | bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) {
    return value
  }
  throw wrong(`Expect int type for the ${position} operand but got ${display(value)}`)
}
