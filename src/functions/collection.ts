import { isStruct } from '#src/expressions/access.ts'
import { erased } from './aggregate.ts'
import type { AggregateDeclaration, Aggregator } from './declaration.ts'
import { anything, MADE, STRUCT } from './signature.ts'
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
