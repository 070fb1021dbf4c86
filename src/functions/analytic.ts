import { display } from '#src/expressions/errors.ts'
import type { Analyst, AnalystLanes, AnalyticDeclaration, KnownArgument } from './declaration.ts'
import { isSame } from './equality.ts'
import {
  anything,
  BOOLEAN,
  boolean,
  optional,
  rest,
  STRUCT,
  sameAs,
  text,
  whole,
} from './signature.ts'
import { checkLength, isNull, toCount, wrong } from './values.ts'

/** Gives an analyst the shape of all of them: what it is handed as state is what it made. */
export function erasedState<S>(analyst: Analyst<S>): Analyst<unknown> {
  return analyst as Analyst<unknown>
}

export const analyticFunctions: readonly AnalyticDeclaration[] = [
  {
    kind: 'analytic',
    family: 'analytic',
    name: 'lag',
    parameters: [
      anything('value'),
      optional(whole('offset')),
      optional(anything('otherwise')),
      optional(boolean('ignoreNull')),
    ],
    returns: sameAs(0),
    doc: 'The value of that many rows before (1 when left out), or `otherwise` when there are not as many. Nulls are passed over unless `ignoreNull` is false.',
    examples: [
      { sql: 'lag(v)', rows: [{ v: 1 }, { v: 2 }, { v: 3 }], gives: [null, 1, 2] },
      { sql: 'lag(v, 2, 0)', rows: [{ v: 1 }, { v: 2 }, { v: 3 }], gives: [0, 0, 1] },
    ],
    check([, offset]) {
      const given = offset?.literal
      if (given === undefined || given === null) return
      if (Number(given) < 0) throw new Error('the index should not be a nagtive integer')
      checkLength(Number(given), 'a lag')
    },
    make: (_, args) => erasedState(lag(args)),
  },
  {
    kind: 'analytic',
    family: 'analytic',
    name: 'latest',
    parameters: [anything('value'), optional(anything('otherwise'))],
    returns: sameAs(0),
    doc: 'The last value that was not null, or `otherwise` as long as there was none.',
    examples: [
      { sql: 'latest(v, 7)', rows: [{ v: null }, { v: 2 }, { v: null }], gives: [7, 2, 2] },
    ],
    make: (_, args) => erasedState(latest(args)),
  },
  {
    kind: 'analytic',
    family: 'analytic',
    name: 'changed_col',
    parameters: [boolean('ignoreNull'), anything('value')],
    returns: sameAs(1),
    doc: 'The value where it is another than in the row before, else null.',
    examples: [
      { sql: 'changed_col(true, v)', rows: [{ v: 1 }, { v: 1 }, { v: 2 }], gives: [1, null, 2] },
    ],
    make: () => erasedState(changedColumn),
  },
  {
    kind: 'analytic',
    family: 'analytic',
    name: 'had_changed',
    parameters: [boolean('ignoreNull'), rest(anything('value'))],
    returns: BOOLEAN,
    doc: 'Whether one of the values is another than in the row before. The first row counts as a change.',
    examples: [
      {
        sql: 'had_changed(true, v)',
        rows: [{ v: 1 }, { v: 1 }, { v: 2 }],
        gives: [true, false, true],
      },
    ],
    make: () => erasedState(hadChanged),
  },
  {
    kind: 'analytic',
    family: 'analytic',
    name: 'changed_cols',
    parameters: [text('prefix'), boolean('ignoreNull'), rest(anything('value'))],
    returns: STRUCT,
    doc: 'Those of the columns whose value is another than in the row before, each named by the prefix and its own name; `*` stands for all. A field of the select list.',
    examples: [],
    make: () => erasedState(changedColumns),
  },
]

/** The last values, the oldest first; never more than the offset. */
interface History {
  readonly values: unknown[]
}

function lag(args: readonly KnownArgument[]): Analyst<History> {
  const known = args[1]?.literal
  const knownOffset = typeof known === 'number' ? known : 1
  const otherwise = args[2]?.literal ?? null
  const before = ({ values }: History, offset: number, fallback: unknown) =>
    offset > 0 && values.length >= offset ? values[values.length - offset] : fallback
  if (args.length < 2 || known === 1) return lagOfOne(otherwise, args.length === 1)
  return {
    init: () => ({ values: [] }),
    step(state, value, offset = knownOffset, fallback = null, ignoreNull = true) {
      const back = toCount(offset, 'the index')
      if (back < 0) throw wrong('the index should not be a nagtive integer')
      checkLength(back, 'a lag')
      const result = before(state, back, fallback)
      if (ignoreNull === false || !isNull(value)) state.values.push(value ?? null)
      while (state.values.length > back) state.values.shift()
      return result
    },
    peek: (state) => before(state, knownOffset, otherwise),
  }
}

/**
 * `lag(value)` and `lag(value, 1)`, which most are. Its one value is `undefined` before there is one: an array that was
 * empty would keep numbers unboxed, and box one for every row that is read.
 */
function lagOfOne(otherwise: unknown, isAlone: boolean): Analyst<History> {
  return {
    init: () => ({ values: [undefined] }),
    step({ values }, value, _offset, fallback = null, ignoreNull = true) {
      const result = values[0]
      if (ignoreNull === false || !isNull(value)) values[0] = value ?? null
      return result === undefined ? fallback : result
    },
    peek: ({ values }) => (values[0] === undefined ? otherwise : values[0]),
    lanes: isAlone ? lagLanes : undefined,
  }
}

/** NaN: there is none yet. A null is never kept. */
const lagLanes: AnalystLanes<History> = {
  init: [Number.NaN],
  step: (lane, value, result) => `${result} = ${lagLanes.peek(lane)}; ${lane(0)} = ${value}`,
  peek: (lane) => `(${lane(0)} === ${lane(0)} ? ${lane(0)} : null)`,
  unpack: ([before]) => ({ values: [Number.isNaN(before) ? undefined : before] }),
  pack({ values: [before] }) {
    if (before === undefined) return [Number.NaN]
    return typeof before === 'number' && !Number.isNaN(before) ? [before] : undefined
  },
}

interface Stored {
  value: unknown
}

function latest(args: readonly KnownArgument[]): Analyst<Stored> {
  const otherwise = args[1]?.literal ?? null
  return {
    init: () => ({ value: null }),
    step(state, value, fallback = null) {
      if (!isNull(value)) state.value = value
      return state.value ?? fallback
    },
    peek: (state) => state.value ?? otherwise,
  }
}

/** Values as they were; a position that was not seen yet is missing. */
interface Seen {
  readonly values: unknown[]
}

const changedColumn: Analyst<Seen> = {
  init: () => ({ values: [] }),
  step: (state, ignoreNull, value) =>
    takes(state, 0, value, isTrue(ignoreNull)) ? (value ?? null) : null,
  peek: () => null,
}

const hadChanged: Analyst<Seen> = {
  init: () => ({ values: [] }),
  step(state, ignoreNull, ...values) {
    const ignores = isTrue(ignoreNull)
    let changed = false
    for (const [index, value] of values.entries()) {
      if (takes(state, index, value, ignores)) changed = true
    }
    return changed
  },
  peek: () => false,
}

/** By name of the column. */
interface SeenColumns {
  readonly values: Map<string, unknown>
}

/** Gets the names and values of columns in turn, or a row as its last argument. */
const changedColumns: Analyst<SeenColumns> = {
  init: () => ({ values: new Map() }),
  step({ values }, prefix, ignoreNull, ...rest) {
    const ignores = isTrue(ignoreNull)
    const changed: Record<string, unknown> = {}
    for (const [name, value] of columnsOf(rest)) {
      if (ignores && isNull(value)) continue
      if (values.has(name) && isSame(values.get(name), value ?? null)) continue
      values.set(name, value ?? null)
      const as = `${String(prefix)}${name}`
      Object.defineProperty(changed, as, { value: value ?? null, ...field })
    }
    return changed
  },
  peek: () => ({}),
}

const field = { enumerable: true, configurable: true, writable: true } as const

function columnsOf(values: readonly unknown[]): readonly (readonly [string, unknown])[] {
  if (values.length === 1) return Object.entries(values[0] as Record<string, unknown>)
  const columns: [string, unknown][] = []
  for (let i = 0; i < values.length; i += 2) columns.push([String(values[i]), values[i + 1]])
  return columns
}

/** Stores the value. @returns whether it is another than the one before */
function takes({ values }: Seen, index: number, value: unknown, ignoreNull: boolean): boolean {
  if (ignoreNull && isNull(value)) return false
  const isNew = values[index] === undefined || !isSame(values[index], value)
  values[index] = value ?? null
  return isNew
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(`first arg is not a bool but ${display(value)}`)
}
