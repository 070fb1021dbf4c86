import { display } from '#src/expressions/errors.ts'
import { erased } from './aggregate.ts'
import type { AggregateDeclaration, Aggregator } from './declaration.ts'
import { FLOAT, number } from './signature.ts'
import { refuseForeign } from './sums.ts'
import { isNull, wrong } from './values.ts'

const pair = [{ v: 1 }, { v: 3 }]
const rows = [{ v: 2 }, { v: 3 }, { v: 5 }, { v: 7 }]

/**
 * Count, mean and sum of squared differences from it (Welford): numbers of any size lose no precision. Taking a value out
 * again would lose it all where the values that are left lie close together, so that is not offered.
 */
interface Moments {
  count: number
  mean: number
  squares: number
  foreign: number
}

function spread(
  name: string,
  doc: string,
  finish: (state: Moments) => number | null,
  gives: number,
): AggregateDeclaration {
  return {
    kind: 'aggregate',
    family: 'aggregate',
    name,
    parameters: [number('value')],
    returns: FLOAT,
    doc,
    examples: [{ sql: `${name}(v)`, rows: pair, gives }],
    make: () => erased(moments(name, finish)),
  }
}

export const statisticsFunctions: readonly AggregateDeclaration[] = [
  spread(
    'stddev',
    'The standard deviation of the values, taken as the whole population.',
    ({ squares, count }) => Math.sqrt(squares / count),
    1,
  ),
  spread(
    'stddevs',
    'The standard deviation of the values, taken as a sample; null for fewer than two.',
    ({ squares, count }) => (count < 2 ? null : Math.sqrt(squares / (count - 1))),
    Math.SQRT2,
  ),
  spread(
    'var',
    'The variance of the values, taken as the whole population.',
    ({ squares, count }) => squares / count,
    1,
  ),
  spread(
    'vars',
    'The variance of the values, taken as a sample; null for fewer than two.',
    ({ squares, count }) => (count < 2 ? null : squares / (count - 1)),
    2,
  ),
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'median',
    parameters: [number('value')],
    returns: FLOAT,
    doc: 'The value in the middle, or the mean of the two in the middle.',
    examples: [{ sql: 'median(v)', rows, gives: 4 }],
    make: () => erased(quantiles('median', (sorted) => between(sorted, 0.5))),
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'percentile_cont',
    synonyms: ['percentile'],
    parameters: [number('value'), number('p')],
    returns: FLOAT,
    doc: 'The value below which the fraction p of the values lies, between two of them where it must.',
    examples: [{ sql: 'percentile_cont(v, 0.5)', rows, gives: 4 }],
    check: ([, p]) => checkFraction(p?.literal),
    make: () => erased(quantiles('percentile_cont', between)),
  },
  {
    kind: 'aggregate',
    family: 'aggregate',
    name: 'percentile_disc',
    parameters: [number('value'), number('p')],
    returns: FLOAT,
    doc: 'The least of the values at or below which the fraction p of them lies.',
    examples: [{ sql: 'percentile_disc(v, 0.5)', rows, gives: 3 }],
    check: ([, p]) => checkFraction(p?.literal),
    make: () =>
      erased(
        quantiles('percentile_disc', (sorted, p) => {
          const at = Math.ceil(p * sorted.length) - 1
          return sorted[Math.max(0, at)] ?? null
        }),
      ),
  },
]

function moments(name: string, finish: (state: Moments) => number | null): Aggregator<Moments> {
  return {
    init: () => ({ count: 0, mean: 0, squares: 0, foreign: 0 }),
    add(state, given) {
      const value = numeric(given)
      if (value === undefined) {
        if (!isNull(given)) state.foreign++
        return state
      }
      state.count++
      const from = value - state.mean
      state.mean += from / state.count
      state.squares += from * (value - state.mean)
      return state
    },
    merge(older, newer) {
      const count = older.count + newer.count
      const foreign = older.foreign + newer.foreign
      if (newer.count === 0) return { ...older, foreign }
      const apart = newer.mean - older.mean
      const mean = older.mean + (apart * newer.count) / count
      const squares =
        older.squares + newer.squares + (apart * apart * older.count * newer.count) / count
      return { count, mean, squares, foreign }
    },
    result(state) {
      refuseForeign(name, state.foreign)
      return state.count === 0 ? null : finish(state)
    },
  }
}

/** The values themselves, in order of arrival: a quantile needs them all. */
interface Kept {
  values: number[]
  p: unknown
  foreign: number
}

function quantiles(
  name: string,
  finish: (sorted: readonly number[], p: number) => number | null,
): Aggregator<Kept> {
  return {
    init: () => ({ values: [], p: 0.5, foreign: 0 }),
    add(state, given, p = 0.5) {
      const value = numeric(given)
      if (value !== undefined) state.values.push(value)
      else if (!isNull(given)) state.foreign++
      state.p = p
      return state
    },
    remove(state, given) {
      if (numeric(given) !== undefined) state.values.shift()
      else if (!isNull(given)) state.foreign--
      return state
    },
    merge(older, newer) {
      return {
        values: older.values.concat(newer.values),
        p: newer.p,
        foreign: older.foreign + newer.foreign,
      }
    },
    grows: true,
    result({ values, p, foreign }) {
      refuseForeign(name, foreign)
      if (values.length === 0) return null
      return finish(
        values.toSorted((a, b) => a - b),
        fraction(name, p),
      )
    },
  }
}

function between(sorted: readonly number[], p: number): number | null {
  const at = p * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  if (low === undefined || high === undefined) return null
  return low + (high - low) * (at - Math.floor(at))
}

function fraction(name: string, p: unknown): number {
  const value = numeric(p)
  if (value !== undefined && value >= 0 && value <= 1) return value
  throw wrong(`call func ${name} error: the fraction should be 0 to 1 but got ${display(p)}`)
}

function checkFraction(p: unknown): void {
  if (typeof p === 'number' && (p < 0 || p > 1)) {
    throw new Error(`the fraction should be 0 to 1 but got ${p}`)
  }
}

function numeric(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' ? Number(value) : undefined
}
