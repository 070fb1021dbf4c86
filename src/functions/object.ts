import { isStruct } from '#src/expressions/access.ts'
import { defineOwn } from '#src/own-property.ts'
import type { RowDeclaration } from './declaration.ts'
import {
  anything,
  array,
  arrayFrom,
  arrayOf,
  BIGINT,
  rest,
  STRING,
  STRUCT,
  struct,
} from './signature.ts'
import { checkLength, isNull, structFrom, toArray, toStruct, toText, wrong } from './values.ts'

export const objectFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'object',
    name: 'keys',
    parameters: [struct('o')],
    returns: arrayOf(STRING),
    guard: 'null',
    doc: 'The keys of the object, in its order.',
    examples: [{ sql: 'keys(o)', row: { o: { a: 1, b: 2 } }, gives: ['a', 'b'] }],
    make: () => (o: unknown) => Object.keys(toStruct(o)),
  },
  {
    kind: 'row',
    family: 'object',
    name: 'values',
    parameters: [struct('o')],
    returns: arrayFrom,
    guard: 'null',
    doc: 'The values of the object, in its order.',
    examples: [{ sql: 'values(o)', row: { o: { a: 1, b: 'x' } }, gives: [1, 'x'] }],
    make: () => (o: unknown) => Object.values(toStruct(o)),
  },
  {
    kind: 'row',
    family: 'object',
    name: 'items',
    parameters: [struct('o')],
    returns: arrayFrom,
    guard: 'null',
    doc: 'The keys of the object with their values, as arrays of two.',
    examples: [
      {
        sql: 'items(o)',
        row: { o: { a: 1, b: 'x' } },
        gives: [
          ['a', 1],
          ['b', 'x'],
        ],
      },
    ],
    make: () => (o: unknown) => Object.entries(toStruct(o)),
  },
  {
    kind: 'row',
    family: 'object',
    name: 'object',
    parameters: [array('keys'), array('values')],
    returns: STRUCT,
    guard: 'null',
    doc: 'The object of these keys and these values.',
    examples: [{ sql: 'object(k, v)', row: { k: ['a', 'b'], v: [1, 2] }, gives: { a: 1, b: 2 } }],
    make: () => (keys: unknown, values: unknown) => {
      const [names, all] = [toArray(keys), toArray(values, 'second argument')]
      if (names.length !== all.length) {
        throw wrong('the length of the arguments should be same')
      }
      return structFrom(names.map((name, index) => [keyText(name), all[index] ?? null]))
    },
  },
  {
    kind: 'row',
    family: 'object',
    name: 'zip',
    parameters: [array('pairs')],
    returns: STRUCT,
    guard: 'null',
    doc: 'The object of an array of keys with their values, as arrays of two.',
    examples: [
      {
        sql: 'zip(p)',
        row: {
          p: [
            ['a', 1],
            ['b', 2],
          ],
        },
        gives: { a: 1, b: 2 },
      },
    ],
    make: () => (pairs: unknown) =>
      structFrom(
        toArray(pairs).map((pair) => {
          const [key, value, ...more] = toArray(pair, 'each element')
          if (more.length > 0) throw wrong('each element should be an array of two')
          return [keyText(key), value ?? null]
        }),
      ),
  },
  {
    kind: 'row',
    family: 'object',
    name: 'object_construct',
    parameters: [anything('key'), anything('value'), { ...rest(anything('more')), optional: true }],
    returns: STRUCT,
    guard: 'none',
    doc: 'The object of keys and values in turn. Keys that are null are left out.',
    examples: [
      { sql: "object_construct('a', i, 'b', s)", row: { i: 7, s: 'x' }, gives: { a: 7, b: 'x' } },
      { sql: "object_construct('a', z)", row: { z: null }, gives: { a: null } },
    ],
    check(args) {
      if (args.length % 2 !== 0) {
        throw new Error('the args must be key value pairs')
      }
    },
    make:
      () =>
      (...args: unknown[]) => {
        const entries: [string, unknown][] = []
        for (let i = 0; i < args.length; i += 2) {
          if (!isNull(args[i])) entries.push([keyText(args[i]), args[i + 1] ?? null])
        }
        return structFrom(entries)
      },
  },
  {
    kind: 'row',
    family: 'object',
    name: 'object_concat',
    parameters: [struct('a'), rest(struct('b'))],
    returns: STRUCT,
    guard: 'none',
    doc: 'The keys of all objects in one; of a key in several the last value. Nulls are left out.',
    examples: [
      {
        sql: 'object_concat(a, b)',
        row: { a: { x: 1, y: 1 }, b: { y: 2 } },
        gives: { x: 1, y: 2 },
      },
    ],
    make:
      () =>
      (...objects: unknown[]) => {
        const parts = objects.filter((part) => !isNull(part))
        const entries = parts.flatMap((part) => Object.entries(toStruct(part, 'argument')))
        checkLength(entries.length, 'an object')
        return structFrom(entries)
      },
  },
  {
    kind: 'row',
    family: 'object',
    name: 'erase',
    parameters: [struct('o'), { name: 'keys', types: ['string', 'array'] }],
    returns: STRUCT,
    guard: 'null',
    doc: 'The object without that key, or those keys.',
    examples: [
      { sql: "erase(o, 'a')", row: { o: { a: 1, b: 2 } }, gives: { b: 2 } },
      { sql: 'erase(o, k)', row: { o: { a: 1, b: 2 }, k: ['a', 'b'] }, gives: {} },
    ],
    make: () => (o: unknown, keys: unknown) => {
      const without = new Set(Array.isArray(keys) ? keys.map(keyText) : [keyText(keys)])
      return structFrom(Object.entries(toStruct(o)).filter(([key]) => !without.has(key)))
    },
  },
  {
    kind: 'row',
    family: 'object',
    name: 'object_size',
    parameters: [struct('o')],
    returns: BIGINT,
    guard: 'zero',
    doc: 'The number of keys of the object.',
    examples: [{ sql: 'object_size(o)', row: { o: { a: 1, b: 2 } }, gives: 2 }],
    make: () => (o: unknown) => Object.keys(toStruct(o)).length,
  },
  {
    kind: 'row',
    family: 'object',
    name: 'object_pick',
    parameters: [struct('o'), rest({ name: 'key', types: ['string', 'array'] })],
    returns: STRUCT,
    guard: 'null',
    doc: 'The object with these keys only. A dot in a key leads into an object inside, which stays where it is.',
    examples: [
      {
        sql: "object_pick(o, 'a', 'c.d')",
        row: { o: { a: 1, b: 2, c: { d: 3, e: 4 } } },
        gives: { a: 1, c: { d: 3 } },
      },
    ],
    make:
      () =>
      (o: unknown, ...keys: unknown[]) => {
        const from = toStruct(o)
        const picked = structFrom([])
        for (const path of keys.flat().map(keyText)) pick(from, path.split('.'), picked)
        return picked
      },
  },
  {
    kind: 'row',
    family: 'object',
    name: 'obj_to_kvpair_array',
    parameters: [struct('o')],
    returns: arrayOf(STRUCT),
    guard: 'null',
    doc: 'The object as an array of `{key, value}`.',
    examples: [
      { sql: 'obj_to_kvpair_array(o)', row: { o: { a: 1 } }, gives: [{ key: 'a', value: 1 }] },
    ],
    make: () => (o: unknown) => Object.entries(toStruct(o)).map(([key, value]) => ({ key, value })),
  },
]

function keyText(key: unknown): string {
  if (typeof key === 'string') return key
  throw wrong(`the key ${toText(key)} is not a string`)
}

type Struct = Readonly<Record<string, unknown>>

/** Copies the value at the path, if there is one, to the same path. */
function pick(from: Struct, path: readonly string[], to: Record<string, unknown>): void {
  const [name = '', ...deeper] = path
  if (!Object.hasOwn(from, name)) return
  const value = from[name]
  if (deeper.length === 0) {
    defineOwn(to, name, value)
    return
  }
  if (!isStruct(value)) return
  const known = Object.hasOwn(to, name) ? to[name] : undefined
  const inside = isStruct(known) ? structFrom(Object.entries(known)) : structFrom([])
  pick(value, deeper, inside)
  if (Object.keys(inside).length > 0) defineOwn(to, name, inside)
}
