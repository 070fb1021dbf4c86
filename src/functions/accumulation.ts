import { erasedState } from './analytic.ts'
import type { AnalystLanes, AnalyticDeclaration, LaneText } from './declaration.ts'
import { accumulate } from './lanes.ts'
import { anything, BIGINT, boolean, FLOAT, optional } from './signature.ts'
import { isNull, wrong } from './values.ts'

/**
 * Numbers of one partition, in one array: with a hundred thousand partitions an object for each costs several misses of
 * the cache a row. SUM and REST are a sum as two doubles (2Sum), so that whole numbers add up exactly.
 */
type Accumulation = Float64Array

const SUM = 0
const REST = 1
const COUNT = 2
const LEAST = 3
const GREATEST = 4
/** 0 after a reset, until the next begin. */
const RUNNING = 5
const RESULT = 6
const SIZE = 7

// Taken when the worker loads: what a plugin could replace later is not used.
const Numbers = Float64Array

interface Kind {
  readonly name: string
  readonly doc: string
  /** Whether a null is passed over; where not, it is an error. */
  readonly allowsNull: boolean
  readonly read: (state: Accumulation) => number
  readonly add: (state: Accumulation, value: number | bigint) => void
  readonly gives: readonly number[]
  /** Which of the numbers are its lanes. */
  readonly lanes: readonly number[]
  /** Statements that take a number into the lanes. */
  readonly take: (lane: LaneText, value: string) => string
  /** An expression of the lanes: what `read` gives. */
  readonly value: (lane: LaneText) => string
}

const rows = [{ v: 4 }, { v: 2 }, { v: 6 }]

const kinds: readonly Kind[] = [
  {
    name: 'acc_sum',
    doc: 'The sum of the values so far.',
    allowsNull: true,
    read: (state) => at(state, SUM) + at(state, REST),
    add,
    gives: [4, 6, 12],
    lanes: [SUM, REST, COUNT],
    take: (lane, value) => `${accumulate(lane, value)} ${lane(2)}++`,
    value: (lane) => `${lane(0)} + ${lane(1)}`,
  },
  {
    name: 'acc_count',
    doc: 'How many values so far were not null.',
    allowsNull: true,
    read: (state) => at(state, COUNT),
    add() {},
    gives: [1, 2, 3],
    lanes: [COUNT],
    take: (lane) => `${lane(0)}++`,
    value: (lane) => lane(0),
  },
  {
    name: 'acc_avg',
    doc: 'The mean of the values so far.',
    allowsNull: false,
    read: (state) => {
      const count = at(state, COUNT)
      return count === 0 ? 0 : (at(state, SUM) + at(state, REST)) / count
    },
    add,
    gives: [4, 3, 4],
    lanes: [SUM, REST, COUNT],
    take: (lane, value) => `${accumulate(lane, value)} ${lane(2)}++`,
    value: (lane) => `(${lane(2)} === 0 ? 0 : (${lane(0)} + ${lane(1)}) / ${lane(2)})`,
  },
  {
    name: 'acc_min',
    doc: 'The least value so far.',
    allowsNull: false,
    read: (state) => (at(state, COUNT) === 0 ? 0 : at(state, LEAST)),
    add(state, value) {
      state[LEAST] = Math.min(at(state, LEAST), Number(value))
    },
    gives: [4, 2, 2],
    lanes: [LEAST, COUNT],
    take: (lane, value) => `${lane(0)} = Math.min(${lane(0)}, ${value}); ${lane(1)}++`,
    value: (lane) => `(${lane(1)} === 0 ? 0 : ${lane(0)})`,
  },
  {
    name: 'acc_max',
    doc: 'The greatest value so far.',
    allowsNull: false,
    read: (state) => (at(state, COUNT) === 0 ? 0 : at(state, GREATEST)),
    add(state, value) {
      state[GREATEST] = Math.max(at(state, GREATEST), Number(value))
    },
    gives: [4, 4, 6],
    lanes: [GREATEST, COUNT],
    take: (lane, value) => `${lane(0)} = Math.max(${lane(0)}, ${value}); ${lane(1)}++`,
    value: (lane) => `(${lane(1)} === 0 ? 0 : ${lane(0)})`,
  },
]

export const accumulationFunctions: readonly AnalyticDeclaration[] = kinds.map(declare)

function declare(kind: Kind): AnalyticDeclaration {
  const { name, doc, gives } = kind
  return {
    kind: 'analytic',
    family: 'analytic',
    name,
    parameters: [anything('value'), optional(boolean('begin')), optional(boolean('reset'))],
    returns: name === 'acc_count' ? BIGINT : FLOAT,
    doc: `${doc} With \`begin\` and \`reset\` it starts where begin is true, and again after a row where reset is true.`,
    examples: [{ sql: `${name}(v)`, rows, gives }],
    check(args) {
      if (args.length === 2) throw new Error('Expect 1 or 3 arguments but found 2.')
    },
    make: (_, args) =>
      erasedState<Accumulation>({
        init: () => empty(args.length < 3),
        step(state, value, begin, reset) {
          if (state[RUNNING] === 0) {
            if (begin !== true) return state[RESULT]
            state.set(empty(true))
          }
          take(kind, state, value)
          const result = kind.read(state)
          state[RESULT] = result
          if (reset === true) state[RUNNING] = 0
          return result
        },
        peek: (state) => state[RESULT],
        lanes: args.length < 3 ? lanesOf(kind) : undefined,
      }),
  }
}

function lanesOf(kind: Kind): AnalystLanes<Accumulation> {
  const { name, lanes, take, value, allowsNull } = kind
  const nothing = empty(true)
  return {
    init: lanes.map((index) => at(nothing, index)),
    takesAny: name === 'acc_count',
    step: (lane, taken, result) => `${take(lane, taken)}; ${result} = ${value(lane)}`,
    peek: value,
    refuse: allowsNull ? undefined : () => notNumber(name),
    unpack(numbers) {
      const state = empty(true)
      for (const [i, index] of lanes.entries()) state[index] = numbers[i] as number
      state[RESULT] = kind.read(state)
      return state
    },
    pack: (state) =>
      state[RUNNING] === 1 && !Number.isNaN(state[RESULT])
        ? lanes.map((index) => at(state, index))
        : undefined,
  }
}

function empty(isRunning: boolean): Accumulation {
  const state = new Numbers(SIZE)
  state[LEAST] = Number.POSITIVE_INFINITY
  state[GREATEST] = Number.NEGATIVE_INFINITY
  state[RUNNING] = isRunning ? 1 : 0
  return state
}

function take({ name, allowsNull, add: own }: Kind, state: Accumulation, value: unknown): void {
  if (isNull(value) && allowsNull) return
  if (name !== 'acc_count') {
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      notNumber(name)
    }
    own(state, value)
  }
  state[COUNT] = at(state, COUNT) + 1
}

function notNumber(name: string): never {
  throw wrong(`call func ${name} error: the value should be number`)
}

function add(state: Accumulation, value: number | bigint): void {
  if (typeof value === 'number') addNumber(state, value)
  else {
    const high = Number(value)
    addNumber(state, high)
    addNumber(state, Number(value - BigInt(high)))
  }
}

function addNumber(state: Accumulation, value: number): void {
  const before = at(state, SUM)
  const after = before + value
  const added = after - before
  const lost = before - (after - added) + (value - added)
  // Infinity has no rest.
  if (!Number.isNaN(lost)) state[REST] = at(state, REST) + lost
  state[SUM] = after
}

function at(state: Accumulation, index: number): number {
  return state[index] as number // there are SIZE of them
}
