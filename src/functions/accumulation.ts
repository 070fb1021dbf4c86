import { erasedState } from './analytic.ts'
import type { AnalyticDeclaration } from './declaration.ts'
import { anything, BIGINT, boolean, FLOAT, optional } from './signature.ts'
import { addTo, emptySum, type Sum } from './sums.ts'
import { isNull, wrong } from './values.ts'

interface Accumulation {
  sum: Sum
  count: number
  least: number
  greatest: number
  /** False after a reset, until the next begin. */
  isRunning: boolean
  result: number
}

interface Kind {
  readonly name: string
  readonly doc: string
  /** Whether a null is passed over; where not, it is an error. */
  readonly allowsNull: boolean
  readonly read: (state: Accumulation) => number
  readonly gives: readonly number[]
}

const rows = [{ v: 4 }, { v: 2 }, { v: 6 }]

const kinds: readonly Kind[] = [
  {
    name: 'acc_sum',
    doc: 'The sum of the values so far.',
    allowsNull: true,
    read: ({ sum }) => sum.sum + sum.rest,
    gives: [4, 6, 12],
  },
  {
    name: 'acc_count',
    doc: 'How many values so far were not null.',
    allowsNull: true,
    read: ({ count }) => count,
    gives: [1, 2, 3],
  },
  {
    name: 'acc_avg',
    doc: 'The mean of the values so far.',
    allowsNull: false,
    read: ({ sum, count }) => (count === 0 ? 0 : (sum.sum + sum.rest) / count),
    gives: [4, 3, 4],
  },
  {
    name: 'acc_min',
    doc: 'The least value so far.',
    allowsNull: false,
    read: ({ least, count }) => (count === 0 ? 0 : least),
    gives: [4, 2, 2],
  },
  {
    name: 'acc_max',
    doc: 'The greatest value so far.',
    allowsNull: false,
    read: ({ greatest, count }) => (count === 0 ? 0 : greatest),
    gives: [4, 4, 6],
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
          if (!state.isRunning && begin === true) Object.assign(state, empty(true))
          if (!state.isRunning) return state.result
          take(kind, state, value)
          state.result = kind.read(state)
          if (reset === true) state.isRunning = false
          return state.result
        },
        peek: ({ result }) => result,
      }),
  }
}

function empty(isRunning: boolean): Accumulation {
  const [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return { sum: emptySum(), count: 0, least, greatest, isRunning, result: 0 }
}

function take({ name, allowsNull }: Kind, state: Accumulation, value: unknown): void {
  if (isNull(value) && allowsNull) return
  if (name !== 'acc_count') {
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw wrong(`call func ${name} error: the value should be number`)
    }
    addTo(state.sum, value, 1)
    state.least = Math.min(state.least, Number(value))
    state.greatest = Math.max(state.greatest, Number(value))
  }
  state.count++
}
