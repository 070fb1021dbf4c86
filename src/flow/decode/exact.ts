import { parseJson } from './bytes.ts'

/*
 * Whole numbers beyond 2^53. Up to int64 they stay exact as bigint where a BIGINT is wanted; what is larger still is a
 * number as everywhere else, so that no payload can make us compute with millions of digits.
 */

const INT64_CHARACTERS = 20
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const WHOLE = /^-?\d+$/
const LONG_NUMBER = /\d{16}/

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWith = parseJson as unknown as (text: string, reviver: Reviver) => unknown
const BigIntOf = BigInt
const NumberOf = Number

/** The value of a number's text: a bigint if it is whole, not safe as a number, and within int64. */
export function exactNumber(text: string): number | bigint {
  const value = NumberOf(text)
  if (Number.isSafeInteger(value) || text.length > INT64_CHARACTERS || !WHOLE.test(text)) {
    return value
  }
  const exact = BigIntOf(text)
  return exact >= MIN_INT64 && exact <= MAX_INT64 ? exact : value
}

/** A whole number within the safe ones is a number, any other bigint stays. */
export function narrow(value: bigint): number | bigint {
  const number = NumberOf(value)
  return Number.isSafeInteger(number) ? number : value
}

/** JSON.parse with exact whole numbers, anywhere in the document; not in one that is nested deeper than the stack. */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return parseJson(text)
  try {
    return parseWith(text, reviveExact)
  } catch (error) {
    if (error instanceof RangeError) return parseJson(text)
    throw error
  }
}

function reviveExact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return context.source === undefined ? value : exactNumber(context.source)
}

/**
 * Undoes `parseExact` where no BIGINT is wanted: every bigint in the value becomes a number. Changes the value in place.
 * Throws a RangeError when it is nested deeper than the stack.
 */
export function inexact(value: unknown): unknown {
  if (typeof value === 'bigint') return NumberOf(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (isBigOrNested(value[i])) value[i] = inexact(value[i])
    }
  } else if (isPlain(value)) {
    for (const key of Object.keys(value)) {
      if (!isBigOrNested(value[key])) continue
      Object.defineProperty(value, key, { value: inexact(value[key]) })
    }
  }
  return value
}

function isBigOrNested(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'object' && value !== null)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}
