import { kindOf } from '#src/expressions/kinds.ts'
import type { AggregateDeclaration, Aggregator, Lanes } from './declaration.ts'
import { countLanes, extremeLanes, sumLanes } from './lanes.ts'
import { anything, BIGINT, boolean, FLOAT, number, sameAs } from './signature.ts'
import { addNumber, addTo, emptySum, kindName, mergeSums, type Sum, total } from './sums.ts'
import { isNull, wrong } from './values.ts'

const rows = [{ v: 5 }, { v: 2 }, { v: null }, { v: 8 }]

/** Gives an aggregator the shape of all of them: what it is handed as accumulator is what it made. */
export function erased<A>(aggregator: Aggregator<A>): Aggregator<unknown> {
  return aggregator as Aggregator<unknown>
}

export const aggregateFunctions: readonly AggregateDeclaration[] = [
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'count',
    parameters: [anything('value')],
    returns: BIGINT,
    doc: 'How many rows there are: `count(*)`, or how many in which the value is not null.',
    examples: [
      { sql: 'count(*)', rows, gives: 4 },
      { sql: 'count(v)', rows, gives: 3 },
      { sql: 'count(v)', rows: [], gives: 0 },
    ],
    make: (_, args) => erased(args.length === 0 ? countRows : countValues),
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'sum',
    parameters: [number('value')],
    returns: sameAs(0),
    doc: 'The sum of the values; null when there is none. A sum of BIGINT is exact.',
    examples: [
      { sql: 'sum(v)', rows, gives: 15 },
      { sql: 'sum(v)', rows: [{ v: null }], gives: null },
      { sql: 'sum(v)', rows: [{ v: 2 }, { v: 3 }], gives: 5 },
    ],
    make(_, [value]) {
      const kind = value === undefined ? 'float' : kindOf(value.dataType)
      return erased(sums((state) => total('sum', state, kind)))
    },
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'avg',
    parameters: [number('value')],
    returns: FLOAT,
    doc: 'The mean of the values, a FLOAT; null when there is none.',
    examples: [
      { sql: 'avg(v)', rows, gives: 5 },
      { sql: 'avg(v)', rows: [{ v: 1 }, { v: 2 }], gives: 1.5 },
    ],
    make: () => erased(sums((state) => Number(total('avg', state, 'float')) / state.count)),
  },
  extreme('max', 'The greatest of the values; null when there is none.', 1, 8),
  extreme('min', 'The least of the values; null when there is none.', -1, 2),
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'last_value',
    parameters: [anything('value'), boolean('ignoreNull')],
    returns: sameAs(0),
    doc: 'The value of the last row, or the last one that is not null.',
    examples: [
      { sql: 'last_value(v, false)', rows: [{ v: 1 }, { v: null }], gives: null },
      { sql: 'last_value(v, true)', rows: [{ v: 1 }, { v: null }], gives: 1 },
    ],
    check([, ignoreNull]) {
      if (typeof ignoreNull?.literal !== 'boolean') {
        throw new Error('Expect bool literal for parameter 2')
      }
    },
    make: (_, [, ignoreNull]) => erased(lastValue(ignoreNull?.literal === true)),
  },
]

const countRows: Aggregator<number> = {
  init: () => 0,
  add: (count) => count + 1,
  remove: (count) => count - 1,
  merge: (older, newer) => older + newer,
  result: (count) => count,
  lanes: countLanes,
}

const countValues: Aggregator<number> = {
  ...countRows,
  add: (count, value) => (isNull(value) ? count : count + 1),
  remove: (count, value) => (isNull(value) ? count : count - 1),
}

/** One and the same for all, so that `sum(v)` and `avg(v)` of a statement share an accumulator. */
const summing = {
  init: emptySum,
  add: (state: Sum, value: unknown) => {
    return typeof value === 'number' ? addNumber(state, value) : addTo(state, value, 1)
  },
  remove: (state: Sum, value: unknown) => addTo(state, value, -1),
  merge: mergeSums,
}

function sums(finish: (state: Sum) => number | bigint): Aggregator<Sum> {
  return {
    ...summing,
    result: (state) => (state.count === 0 && state.foreign === 0 ? null : finish(state)),
    lanes: sumLanes(finish),
  }
}

/** The extreme so far; an object once values met that do not compare. */
type Extreme = number | bigint | string | boolean | null | Unlike

interface Unlike {
  readonly unlike: string
}

function extreme(
  name: 'max' | 'min',
  doc: string,
  direction: 1 | -1,
  gives: number,
): AggregateDeclaration {
  return {
    kind: 'aggregate',
    family: 'aggregate',
    name,
    parameters: [{ name: 'value', types: ['bigint', 'float', 'string', 'datetime'] }],
    returns: sameAs(0),
    doc,
    examples: [
      { sql: `${name}(v)`, rows, gives },
      {
        sql: `${name}(v)`,
        rows: [{ v: 1 }, { v: 'a' }],
        gives: { error: `call func ${name} error: requires values of one type but found string` },
      },
    ],
    make: () => erased(extremes(name, direction)),
  }
}

function extremes(name: string, direction: 1 | -1): Aggregator<Extreme> {
  return {
    init: () => null,
    add: (best, value) => better(best, value, direction),
    merge: (older, newer) => better(older, newer, direction),
    result(best) {
      if (typeof best !== 'object' || best === null) return best
      throw wrong(`call func ${name} error: requires values of one type but found ${best.unlike}`)
    },
    lanes: extremeLanes(direction === 1 ? '>' : '<') as Lanes<Extreme>,
  }
}

/** NaN gives way to every other number, so that it does not matter in which order values are compared. */
function better(best: Extreme, value: unknown, direction: 1 | -1): Extreme {
  if (isNull(value)) return best
  if (typeof best === 'number' && typeof value === 'number') {
    if (Number.isNaN(best)) return value
    return direction === 1 ? (value > best ? value : best) : value < best ? value : best
  }
  if (typeof best === 'object' && best !== null) return best
  if (!isOrdered(value)) return isUnlike(value) ? value : { unlike: kindName(value) }
  if (best === null) return value
  if ((typeof best === 'string') !== (typeof value === 'string')) return { unlike: kindName(value) }
  if (Number.isNaN(best)) return value
  if (Number.isNaN(value)) return best
  const isGreater = value > best
  return isGreater === (direction === 1) ? value : best
}

function isOrdered(value: unknown): value is number | bigint | string {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string'
}

function isUnlike(value: unknown): value is Unlike {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'unlike')
}

interface Last {
  value: unknown
  /** Whether any row counted. */
  has: boolean
}

function lastValue(ignoreNull: boolean): Aggregator<Last> {
  return {
    init: () => ({ value: null, has: false }),
    add(state, value) {
      if (ignoreNull && isNull(value)) return state
      state.value = value ?? null
      state.has = true
      return state
    },
    merge: (older, newer) => (newer.has ? newer : older),
    result: ({ value }) => value,
  }
}
