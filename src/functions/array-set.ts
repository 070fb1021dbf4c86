import type { RowDeclaration } from './declaration.ts'
import { keyOf } from './equality.ts'
import { anything, array, BOOLEAN, sameAs } from './signature.ts'
import { checkLength, isNull, toArray } from './values.ts'

/** Arrays as sets: values are equal when they are structurally, whatever the size of the numbers. */
export const arraySetFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'array',
    name: 'array_contains',
    parameters: [array('a'), anything('value')],
    returns: BOOLEAN,
    guard: 'none',
    doc: 'Whether the value is in the array.',
    examples: [
      { sql: 'array_contains(a, 5)', row: { a: [4, 5] }, gives: true },
      { sql: 'array_contains(a, 5)', row: { a: null }, gives: false },
    ],
    make: () => (a: unknown, value: unknown) => {
      if (isNull(a)) return false
      const key = keyOf(value)
      return toArray(a).some((element) => keyOf(element) === key)
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_contains_any',
    parameters: [array('a'), array('b')],
    returns: BOOLEAN,
    guard: 'none',
    doc: 'Whether one of the values of b is in a.',
    examples: [{ sql: 'array_contains_any(a, b)', row: { a: [1, 2], b: [2, 3] }, gives: true }],
    make: () => (a: unknown, b: unknown) => {
      if (isNull(a) || isNull(b)) return false
      const keys = keysOf(b, 'second argument')
      return toArray(a).some((element) => keys.has(keyOf(element)))
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_remove',
    parameters: [array('a'), anything('value')],
    returns: sameAs(0),
    guard: 'none',
    doc: 'The array without the value.',
    examples: [{ sql: 'array_remove(a, 2)', row: { a: [1, 2, 2, 3] }, gives: [1, 3] }],
    make: () => (a: unknown, value: unknown) => {
      if (isNull(a)) return null
      const key = keyOf(value)
      return toArray(a).filter((element) => keyOf(element) !== key)
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_intersect',
    parameters: [array('a'), array('b')],
    returns: sameAs(0),
    guard: 'null',
    doc: 'The values that are in both arrays, once each, in the order of b.',
    examples: [
      { sql: 'array_intersect(a, b)', row: { a: [3, 1, 2], b: [2, 3, 4] }, gives: [2, 3] },
    ],
    make: () => (a: unknown, b: unknown) => {
      const keys = keysOf(a, 'first argument')
      const others = distinct(toArray(b, 'second argument'))
      return others.filter((element) => keys.has(keyOf(element)))
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_union',
    parameters: [array('a'), array('b')],
    returns: sameAs(0),
    guard: 'none',
    doc: 'The values that are in one of the arrays, once each. Null is an empty array.',
    examples: [{ sql: 'array_union(a, b)', row: { a: [1, 2], b: [2, 3] }, gives: [1, 2, 3] }],
    make: () => (a: unknown, b: unknown) => {
      const [first, second] = [toArray(a ?? []), toArray(b ?? [], 'second argument')]
      checkLength(first.length + second.length, 'an array')
      return distinct([...first, ...second])
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_except',
    parameters: [array('a'), array('b')],
    returns: sameAs(0),
    guard: 'none',
    doc: 'The values of a that are not in b, once each.',
    examples: [{ sql: 'array_except(a, b)', row: { a: [1, 2, 2, 3], b: [3] }, gives: [1, 2] }],
    make: () => (a: unknown, b: unknown) => {
      if (isNull(a)) return null
      const keys = keysOf(b ?? [], 'second argument')
      return distinct(toArray(a)).filter((element) => !keys.has(keyOf(element)))
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_distinct',
    parameters: [array('a')],
    returns: sameAs(0),
    guard: 'null',
    doc: 'The values of the array, once each.',
    examples: [{ sql: 'array_distinct(a)', row: { a: [1, 2, 2, 1] }, gives: [1, 2] }],
    make: () => (a: unknown) => distinct(toArray(a)),
  },
]

function distinct(elements: readonly unknown[]): unknown[] {
  const byKey = new Map<unknown, unknown>()
  for (const element of elements) {
    const key = keyOf(element)
    if (!byKey.has(key)) byKey.set(key, element)
  }
  return [...byKey.values()]
}

function keysOf(value: unknown, what: string): Set<unknown> {
  return new Set(toArray(value, what).map(keyOf))
}
