import { isStruct } from '#src/expressions/access.ts'
import { erased } from './aggregate.ts'
import type { AggregateDeclaration, Aggregator } from './declaration.ts'
import { keyOf } from './equality.ts'
import { anything, boolean, MADE, STRUCT } from './signature.ts'
import { isNull, wrong } from './values.ts'

export const collectionFunctions: readonly AggregateDeclaration[] = [
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'collect',
    parameters: [anything('value')],
    returns: ([value]) => ({ type: 'array', element: value?.dataType ?? MADE }),
    doc: 'The values as an array, nulls too; `collect(*)` is an array of the rows.',
    examples: [
      { sql: 'collect(v)', rows: [{ v: 1 }, {}, { v: 3 }], gives: [1, null, 3] },
      { sql: 'collect(*)', rows: [{ v: 1 }], gives: [{ v: 1 }] },
    ],
    make: () => erased(collect),
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'merge_agg',
    parameters: [anything('value')],
    returns: STRUCT,
    doc: 'The keys of all objects in one; of a key in several the last value. `merge_agg(*)` merges the rows.',
    examples: [
      {
        sql: 'merge_agg(o)',
        rows: [{ o: { a: 1, b: 1 } }, { o: { b: 2 } }],
        gives: { a: 1, b: 2 },
      },
    ],
    make: () => erased(mergeObjects),
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'deduplicate',
    parameters: [anything('key'), boolean('all')],
    returns: ([, all]) => (all?.literal === true ? { type: 'array', element: STRUCT } : STRUCT),
    takesRow: true,
    doc: 'With `true` an array of rows, the first with each key. With `false` the last row where its key is new in the group, else null.',
    examples: [
      {
        sql: 'deduplicate(k, true)',
        rows: [
          { k: 1, v: 'a' },
          { k: 1, v: 'b' },
          { k: 2, v: 'c' },
        ],
        gives: [
          { k: 1, v: 'a' },
          { k: 2, v: 'c' },
        ],
      },
      { sql: 'deduplicate(k, false)', rows: [{ k: 1 }, { k: 2 }], gives: { k: 2 } },
      { sql: 'deduplicate(k, false)', rows: [{ k: 1 }, { k: 1 }], gives: null },
    ],
    check([, all]) {
      if (typeof all?.literal !== 'boolean') throw new Error('Expect bool literal for parameter 2')
    },
    make: (_, [, all]) => (all?.literal === true ? erased(firstOfEach) : erased(lastIfNew)),
  },
]

const collect: Aggregator<unknown[]> = {
  init: () => [],
  add(values, value) {
    values.push(value ?? null)
    return values
  },
  remove(values) {
    values.shift()
    return values
  },
  merge: (older, newer) => older.concat(newer),
  grows: true,
  // The accumulator goes on; what was given out must not.
  result: (values) => values.slice(),
}

interface Merged {
  readonly values: Map<string, unknown>
  foreign: number
}

const mergeObjects: Aggregator<Merged> = {
  init: () => ({ values: new Map(), foreign: 0 }),
  add(state, value) {
    if (isStruct(value)) {
      for (const key of Object.keys(value)) state.values.set(key, value[key])
    } else if (!isNull(value)) state.foreign++
    return state
  },
  merge: (older, newer) => ({
    values: new Map([...older.values, ...newer.values]),
    foreign: older.foreign + newer.foreign,
  }),
  result({ values, foreign }) {
    if (foreign > 0) throw wrong('call func merge_agg error: requires map[string]interface{}')
    return values.size === 0 ? null : Object.fromEntries(values)
  },
}

/** The first row of each key, compared structurally, in the order in which they came. */
const firstOfEach: Aggregator<Map<unknown, unknown>> = {
  init: () => new Map(),
  add(rows, row, key) {
    const own = keyOf(key)
    if (!rows.has(own)) rows.set(own, row)
    return rows
  },
  merge(older, newer) {
    for (const [key, row] of newer) if (!older.has(key)) older.set(key, row)
    return older
  },
  grows: true,
  result: (rows) => [...rows.values()],
}

interface Latest {
  readonly keys: Set<unknown>
  row: unknown
}

const lastIfNew: Aggregator<Latest> = {
  init: () => ({ keys: new Set(), row: null }),
  add(state, row, key) {
    const own = keyOf(key)
    state.row = state.keys.has(own) ? null : row
    state.keys.add(own)
    return state
  },
  result: ({ row }) => row,
}
