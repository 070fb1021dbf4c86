import type { Aggregator, Analyst, FunctionDeclaration } from '#src/functions/declaration.ts'
import { FunctionTable } from '#src/functions/table.ts'
import type { DataType } from '#src/plan/types.ts'

/** A handful of functions of each kind, so that a flow is tested apart from the library of functions. */
export const functions = new FunctionTable([
  {
    ...declared('upper', { type: 'string' }),
    kind: 'row',
    guard: 'null',
    make: () => (text: string) => {
      if (typeof text !== 'string') throw new Error('upper wants text')
      return text.toUpperCase()
    },
  },
  aggregate(
    'count',
    { type: 'bigint' },
    {
      init: () => 0,
      add: (n, ...args) => (args.length > 0 && (args[0] ?? null) === null ? n : n + 1),
      result: (n) => n,
    },
  ),
  aggregate(
    'sum',
    { type: 'float' },
    {
      init: () => 0,
      add(sum, value) {
        if (value === null || value === undefined) return sum
        if (typeof value !== 'number') throw new Error('sum wants numbers')
        return sum + value
      },
      result: (sum) => sum,
    },
  ),
  aggregate(
    'avg',
    { type: 'float' },
    {
      init: () => ({ n: 0, sum: 0 }),
      add(state, value) {
        if (typeof value !== 'number') return state
        state.n++
        state.sum += value
        return state
      },
      result: ({ n, sum }) => (n === 0 ? null : sum / n),
    },
  ),
  aggregate(
    'collect',
    { type: 'array', element: { type: 'any' } },
    {
      init: (): unknown[] => [],
      add(list, value) {
        list.push(value)
        return list
      },
      result: (list) => [...list],
    },
  ),
  analytic('lag', {
    init: () => ({ value: null as unknown }),
    step(state, value) {
      const before = state.value
      state.value = value
      return before
    },
    peek: (state) => state.value,
  }),
])

function declared(name: string, returns: DataType) {
  return {
    name,
    family: 'other',
    returns,
    doc: '',
    examples: [],
    parameters: [{ name: 'value', optional: true }],
  } as const
}

function aggregate<A>(
  name: string,
  returns: DataType,
  aggregator: Aggregator<A>,
): FunctionDeclaration {
  const make = () => aggregator as Aggregator<unknown> // the accumulator is its own affair
  return { ...declared(name, returns), kind: 'aggregate', make }
}

function analytic<S>(name: string, analyst: Analyst<S>): FunctionDeclaration {
  const make = () => analyst as Analyst<unknown> // the state is its own affair
  return { ...declared(name, { type: 'any' }), kind: 'analytic', make }
}
