import { isStruct } from '#src/expressions/access.ts'
import { display } from '#src/expressions/errors.ts'
import type { RowDeclaration } from './declaration.ts'
import { compareValues, isSame } from './equality.ts'
import {
  anything,
  array,
  arrayFrom,
  arrayOf,
  BIGINT,
  elementOf,
  optional,
  rest,
  STRING,
  sameAs,
  text,
  whole,
} from './signature.ts'
import { checkLength, isNull, toArray, toCount, toStruct, toText, wrong } from './values.ts'

export const arrayFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'array',
    name: 'array_create',
    parameters: [rest(anything('value'))],
    returns: arrayFrom,
    guard: 'none',
    doc: 'An array of the values, without nulls; null when nothing is left.',
    examples: [
      { sql: 'array_create(1, a, z)', row: { a: 'x', z: null }, gives: [1, 'x'] },
      { sql: 'array_create(z)', row: { z: null }, gives: null },
    ],
    make:
      () =>
      (...values: unknown[]) => {
        const kept = values.filter((value) => !isNull(value))
        return kept.length === 0 ? null : kept
      },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_position',
    parameters: [array('a'), anything('value')],
    returns: BIGINT,
    guard: 'none',
    doc: 'Where the value stands first in the array, from 0; -1 when it is not in it.',
    examples: [
      { sql: 'array_position(a, 2)', row: { a: [1, 2, 2] }, gives: 1 },
      { sql: 'array_position(a, 9)', row: { a: [1, 2, 2] }, gives: -1 },
    ],
    make: () => (a: unknown, value: unknown) =>
      isNull(a) ? -1 : toArray(a).findIndex((element) => isSame(element, value)),
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_last_position',
    parameters: [array('a'), anything('value')],
    returns: BIGINT,
    guard: 'none',
    doc: 'Where the value stands last in the array, from 0; -1 when it is not in it.',
    examples: [{ sql: 'array_last_position(a, 2)', row: { a: [1, 2, 2] }, gives: 2 }],
    make: () => (a: unknown, value: unknown) =>
      isNull(a) ? -1 : toArray(a).findLastIndex((element) => isSame(element, value)),
  },
  {
    kind: 'row',
    family: 'array',
    name: 'element_at',
    parameters: [{ name: 'from', types: ['array', 'struct'] }, anything('index')],
    returns: elementOf(0),
    guard: 'null',
    doc: 'The element of an array at an index from 0 (negative: from the end), or the value of an object under a key.',
    examples: [
      { sql: 'element_at(a, -1)', row: { a: [1, 2, 3] }, gives: 3 },
      { sql: "element_at(o, 'k')", row: { o: { k: 5 } }, gives: 5 },
      {
        sql: 'element_at(a, 9)',
        row: { a: [1, 2, 3] },
        gives: { error: 'call func element_at error: index out of range' },
      },
    ],
    make: () => (from: unknown, index: unknown) => {
      if (isStruct(from)) {
        const key = toText(index)
        return Object.hasOwn(from, key) ? from[key] : null
      }
      const elements = toArray(from)
      const at = toCount(index, 'second argument')
      if (at >= elements.length || at < -elements.length) throw wrong('index out of range')
      return elements.at(at)
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_max',
    parameters: [array('a')],
    returns: elementOf(0),
    guard: 'null',
    doc: 'The greatest value of the array; nulls do not count.',
    examples: [{ sql: 'array_max(a)', row: { a: [1.5, 2.5, null] }, gives: 2.5 }],
    make: () => (a: unknown) => extreme(toArray(a), 1),
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_min',
    parameters: [array('a')],
    returns: elementOf(0),
    guard: 'null',
    doc: 'The least value of the array; nulls do not count.',
    examples: [{ sql: 'array_min(a)', row: { a: ['b', 'a'] }, gives: 'a' }],
    make: () => (a: unknown) => extreme(toArray(a), -1),
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_cardinality',
    synonyms: ['cardinality'],
    parameters: [array('a')],
    returns: BIGINT,
    guard: 'zero',
    doc: 'The number of elements that are not null.',
    examples: [
      { sql: 'array_cardinality(a)', row: { a: [1, null, 3] }, gives: 2 },
      { sql: 'cardinality(a)', row: { a: null }, gives: 0 },
    ],
    make: () => (a: unknown) => toArray(a).filter((element) => !isNull(element)).length,
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_flatten',
    parameters: [array('a')],
    returns: arrayFrom,
    guard: 'null',
    doc: 'The elements of the arrays in the array: one level less.',
    examples: [{ sql: 'array_flatten(a)', row: { a: [[1, 2], [3]] }, gives: [1, 2, 3] }],
    make: () => (a: unknown) => {
      const parts = toArray(a).map((part) => (Array.isArray(part) ? (part as unknown[]) : [part]))
      checkLength(
        parts.reduce((sum, part) => sum + part.length, 0),
        'an array',
      )
      return parts.flat()
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_join',
    parameters: [array('a'), text('separator'), optional(text('forNull'))],
    returns: STRING,
    guard: 'null',
    doc: 'The elements as text with the separator between them. Nulls are left out, or written as the third argument.',
    examples: [
      { sql: "array_join(a, ':')", row: { a: ['a', null, 'b'] }, gives: 'a:b' },
      { sql: "array_join(a, ':', 'nil')", row: { a: ['a', null, 'b'] }, gives: 'a:nil:b' },
    ],
    make: () => (a: unknown, separator: unknown, forNull?: unknown) => {
      const kept = toArray(a).filter((element) => forNull !== undefined || !isNull(element))
      const texts = kept.map((element) => (isNull(element) ? toText(forNull) : toText(element)))
      const joined = texts.join(toText(separator))
      checkLength(joined.length, 'a text')
      return joined
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_shuffle',
    parameters: [array('a')],
    returns: sameAs(0),
    guard: 'null',
    volatile: true,
    doc: 'The elements in a random order.',
    examples: [{ sql: 'length(array_shuffle(a))', row: { a: [1, 2, 3] }, gives: 3 }],
    make: () => (a: unknown) => {
      const elements = [...toArray(a)]
      for (let i = elements.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1))
        const held = elements[i]
        elements[i] = elements[j]
        elements[j] = held
      }
      return elements
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_sort',
    parameters: [array('a')],
    returns: sameAs(0),
    guard: 'null',
    doc: 'The elements in ascending order: numbers by value, before texts; nulls last.',
    examples: [
      { sql: 'array_sort(a)', row: { a: [10, 9, 100, 1] }, gives: [1, 9, 10, 100] },
      { sql: 'array_sort(a)', row: { a: ['b', null, 'a'] }, gives: ['a', 'b', null] },
    ],
    make: () => (a: unknown) =>
      toArray(a)
        .map((element) => element ?? null)
        .sort(compareValues),
  },
  {
    kind: 'row',
    family: 'array',
    name: 'array_concat',
    parameters: [rest(array('a'))],
    returns: arrayFrom,
    guard: 'none',
    doc: 'The elements of all arrays, one behind the other. Nulls are left out.',
    examples: [{ sql: 'array_concat(a, b, z)', row: { a: [1], b: [2], z: null }, gives: [1, 2] }],
    make:
      () =>
      (...arrays: unknown[]) => {
        const parts = arrays
          .filter((part) => !isNull(part))
          .map((part) => toArray(part, 'argument'))
        checkLength(
          parts.reduce((sum, part) => sum + part.length, 0),
          'an array',
        )
        return parts.flatMap((part) => part.filter((element) => !isNull(element)))
      },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'repeat',
    parameters: [anything('value'), whole('n')],
    returns: arrayFrom,
    guard: 'null',
    doc: 'An array of n times the value.',
    examples: [{ sql: "repeat('a', 3)", gives: ['a', 'a', 'a'] }],
    make: () => (value: unknown, n: unknown) => {
      const count = toCount(n, 'second argument')
      if (count < 0) throw wrong(`second argument should not be negative but got ${count}`)
      checkLength(count, 'an array')
      return new Array(count).fill(value)
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'sequence',
    parameters: [whole('start'), whole('stop'), optional(whole('step'))],
    returns: arrayOf(BIGINT),
    guard: 'null',
    doc: 'The whole numbers from start to stop, both included, in steps of 1 or -1 unless a step is given.',
    examples: [
      { sql: 'sequence(1, 9, 3)', gives: [1, 4, 7] },
      { sql: 'sequence(3, 1)', gives: [3, 2, 1] },
      {
        sql: 'sequence(1, 9, 0)',
        gives: { error: 'call func sequence error: the step should not be 0' },
      },
    ],
    make: () => (start: unknown, stop: unknown, step?: unknown) => {
      const from = toCount(start, 'first argument')
      const to = toCount(stop, 'second argument')
      const by = step === undefined ? (from <= to ? 1 : -1) : toCount(step, 'third argument')
      if (by === 0) throw wrong('the step should not be 0')
      const count = Math.max(0, Math.floor((to - from) / by) + 1)
      checkLength(count, 'an array')
      return Array.from({ length: count }, (_, index) => from + index * by)
    },
  },
  {
    kind: 'row',
    family: 'array',
    name: 'kvpair_array_to_obj',
    parameters: [array('pairs')],
    returns: { type: 'struct' },
    guard: 'null',
    doc: 'The object of an array of `{key, value}`.',
    examples: [
      {
        sql: 'kvpair_array_to_obj(a)',
        row: { a: [{ key: 'x', value: 1 }] },
        gives: { x: 1 },
      },
    ],
    make: () => (pairs: unknown) => {
      const entries = toArray(pairs).map((pair): [string, unknown] => {
        const { key, value } = toStruct(pair, 'each element')
        if (typeof key !== 'string') throw wrong(`the key ${display(key)} is not a string`)
        return [key, value ?? null]
      })
      return Object.fromEntries(entries)
    },
  },
]

function extreme(elements: readonly unknown[], direction: 1 | -1): unknown {
  let best: unknown = null
  for (const element of elements) {
    if (isNull(element)) continue
    if (best === null || compareValues(element, best) * direction > 0) best = element
  }
  return best
}
