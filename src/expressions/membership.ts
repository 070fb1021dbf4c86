import type { Comparison } from './compare.ts'
import { describe, display, RowError } from './errors.ts'
import type { NumberKind } from './kinds.ts'

type Logical = boolean | null

/** `value IN (…)`: true where one is equal, unknown where none is but one is null. */
export function isIn(value: unknown, list: readonly unknown[], equal: Comparison): Logical {
  if (value === null || value === undefined) return null
  let isUnknown = false
  for (const element of list) {
    const verdict = equal(value, element)
    if (verdict === true) return true
    if (verdict === null) isUnknown = true
  }
  return isUnknown ? null : false
}

/** `value IN array`: a null array holds nothing. */
export function isInArray(value: unknown, array: unknown, equal: Comparison): Logical {
  if (array === null || array === undefined) return false
  if (Array.isArray(array)) return isIn(value, array, equal)
  const message = `the right side of IN is not an array but ${display(array)}`
  throw new RowError('invalid-operation', message)
}

export interface Bounds {
  readonly atLeast: Comparison
  readonly atMost: Comparison
  readonly kind: NumberKind
}

export function between(bounds: Bounds): (value: unknown, low: unknown, high: unknown) => Logical {
  return (value, low, high) => {
    const above = bounded(bounds.atLeast, value, low, bounds.kind)
    const below = bounded(bounds.atMost, value, high, bounds.kind)
    if (above === false || below === false) return false
    return above === null || below === null ? null : true
  }
}

function bounded(compare: Comparison, value: unknown, bound: unknown, kind: NumberKind): Logical {
  try {
    return compare(value, bound)
  } catch (cause) {
    const sides = `${describe(value, kind)} and ${describe(bound, 'dynamic')}`
    throw new RowError('invalid-operation', `between operator cannot compare ${sides}`, { cause })
  }
}
