import type { DataType } from '#src/plan/types.ts'

/**
 * What numbers of an expression are: BIGINT, FLOAT, or `dynamic` where the whole ones are BIGINT
 * (`useInt64ForWholeNumber`), which only the value can tell.
 */
export type NumberKind = 'int' | 'float' | 'dynamic'

export function kindOf(type: DataType): NumberKind {
  switch (type.type) {
    case 'bigint':
    case 'datetime':
      return 'int'
    case 'any':
      return type.wholeIsBigint === true ? 'dynamic' : 'float'
    default:
      return 'float'
  }
}

/** What an arithmetic operation on both gives. */
export function joinKinds(left: NumberKind, right: NumberKind): NumberKind {
  if (left === 'float' || right === 'float') return 'float'
  return left === 'int' && right === 'int' ? 'int' : 'dynamic'
}

const leastInt64 = -(2n ** 63n)
const greatestInt64 = 2n ** 63n - 1n

export function isInt64(value: bigint): boolean {
  return value >= leastInt64 && value <= greatestInt64
}

/** A whole number as rows hold it: a number while it is safe, a bigint beyond. */
export function fromBigint(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
