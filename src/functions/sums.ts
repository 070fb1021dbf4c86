import { typeName } from '#src/expressions/errors.ts'
import { fromBigint, isInt64, type NumberKind } from '#src/expressions/kinds.ts'
import { isNull, wrong } from './values.ts'

/**
 * A sum as two doubles, the second of which holds what the first had no room for (2Sum): whole numbers add up exactly
 * far beyond 64 bits, fractions lose nothing that matters, and what was added can be taken out again.
 */
export interface Sum {
  sum: number
  rest: number
  count: number
  /** How many of the values were no numbers: while there is one, there is no result. */
  foreign: number
}

export function emptySum(): Sum {
  return { sum: 0, rest: 0, count: 0, foreign: 0 }
}

/** @param sign 1 to take the value in, -1 to take it out */
export function addTo(state: Sum, value: unknown, sign: 1 | -1): Sum {
  if (typeof value === 'number') {
    accumulate(state, value * sign)
    state.count += sign
  } else if (typeof value === 'bigint') {
    const high = Number(value)
    accumulate(state, high * sign)
    accumulate(state, Number(value - BigInt(high)) * sign)
    state.count += sign
  } else if (!isNull(value)) state.foreign += sign
  return state
}

/** Takes a number in; `accumulate` is written out, since this is called for every row. */
export function addNumber(state: Sum, value: number): Sum {
  const before = state.sum
  const after = before + value
  const added = after - before
  const lost = before - (after - added) + (value - added)
  state.sum = after
  if (!Number.isNaN(lost)) state.rest += lost
  state.count++
  return state
}

export function mergeSums(older: Sum, newer: Sum): Sum {
  accumulate(older, newer.sum)
  accumulate(older, newer.rest)
  older.count += newer.count
  older.foreign += newer.foreign
  return older
}

function accumulate(state: Sum, value: number): void {
  const before = state.sum
  const after = before + value
  const added = after - before
  const lost = before - (after - added) + (value - added)
  // Infinity has no rest.
  if (!Number.isNaN(lost)) state.rest += lost
  state.sum = after
}

export function total(name: string, state: Sum, kind: NumberKind): number | bigint {
  refuseForeign(name, state.foreign)
  const { sum, rest } = state
  if (kind === 'float' || !Number.isInteger(sum) || !Number.isInteger(rest)) return sum + rest
  if (Number.isSafeInteger(sum) && rest === 0) return sum + 0
  const exact = BigInt(sum) + BigInt(rest)
  if (isInt64(exact)) return fromBigint(exact)
  if (kind === 'dynamic') return sum + rest
  throw wrong(`call func ${name} error: ${exact} is out of the range of bigint`)
}

export function refuseForeign(name: string, foreign: number): void {
  if (foreign > 0)
    throw wrong(`call func ${name} error: requires numbers but found ${foreign} other`)
}

/** What a value is that an aggregate cannot use. */
export function kindName(value: unknown): string {
  return typeName(value, 'dynamic')
}
