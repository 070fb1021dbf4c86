import type { BinaryOperator } from '#src/sql/ast.ts'
import { describe, display, invalidOperation, RowError } from './errors.ts'
import { fromBigint, isInt64, joinKinds, type NumberKind } from './kinds.ts'

export type ArithmeticOperator = Extract<
  BinaryOperator,
  '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^'
>

export type BinaryFunction = (left: unknown, right: unknown) => unknown

/** An operation on any two values; generated code calls it when its own fast path does not apply. */
export function arithmetic(
  operator: ArithmeticOperator,
  leftKind: NumberKind,
  rightKind: NumberKind,
): BinaryFunction {
  const kind = joinKinds(leftKind, rightKind)
  const onFloats = floatOperations[operator]
  const onInts = intOperations[operator]
  return (left, right) => {
    if (left === null || left === undefined || right === null || right === undefined) return null
    if (!isNumeric(left) || !isNumeric(right)) {
      throw invalidOperation(operator, describe(left, leftKind), describe(right, rightKind))
    }
    const whole = isWhole(left, kind) && isWhole(right, kind)
    return whole ? wholeResult(onInts, left, right) : onFloats(Number(left), Number(right))
  }
}

export function negation(kind: NumberKind): (value: unknown) => unknown {
  return (value) => {
    if (value === null || value === undefined) return null
    if (typeof value === 'number') return kind === 'int' ? 0 - value : -value
    if (typeof value === 'bigint') {
      return kind === 'float' ? -Number(value) : bounded(-value, `-${value}`)
    }
    throw new RowError('invalid-operation', `invalid operation -${describe(value, kind)}`)
  }
}

type Numeric = number | bigint

function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint'
}

function isWhole(value: Numeric, kind: NumberKind): boolean {
  return kind !== 'float' && (typeof value === 'bigint' || Number.isSafeInteger(value))
}

function wholeResult(operate: IntOperation, left: Numeric, right: Numeric): Numeric {
  return operate(BigInt(left), BigInt(right))
}

/** Two's complement has no room for more than 64 bits: an overflow is an error, never a wrong number. */
function bounded(value: bigint, what: string): Numeric {
  if (isInt64(value)) return fromBigint(value)
  throw new RowError('out-of-range', `${what} is out of the range of bigint`)
}

function notWhole(operator: string, left: Numeric, right: Numeric): RowError {
  return invalidOperation(operator, `float64(${display(left)})`, `float64(${display(right)})`)
}

function notZero<T extends Numeric>(divisor: T): T {
  if (Number(divisor) === 0) throw new RowError('divided-by-zero', 'divided by zero')
  return divisor
}

const floatOperations: Record<ArithmeticOperator, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / notZero(right),
  '%': (left, right) => left % notZero(right),
  '&': (left, right) => {
    throw notWhole('&', left, right)
  },
  '|': (left, right) => {
    throw notWhole('|', left, right)
  },
  '^': (left, right) => {
    throw notWhole('^', left, right)
  },
}

type IntOperation = (left: bigint, right: bigint) => Numeric

/** Exact: the operands are within 64 bits, the results are checked. */
const intOperations: Record<ArithmeticOperator, IntOperation> = {
  '+': (left, right) => bounded(left + right, `${left} + ${right}`),
  '-': (left, right) => bounded(left - right, `${left} - ${right}`),
  '*': (left, right) => bounded(left * right, `${left} * ${right}`),
  '/': (left, right) => bounded(left / notZero(right), `${left} / ${right}`),
  '%': (left, right) => fromBigint(left % notZero(right)),
  '&': (left, right) => fromBigint(BigInt.asIntN(64, left & right)),
  '|': (left, right) => fromBigint(BigInt.asIntN(64, left | right)),
  '^': (left, right) => fromBigint(BigInt.asIntN(64, left ^ right)),
}
