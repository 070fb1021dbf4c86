import type { Lanes } from './declaration.ts'
import type { Sum } from './sums.ts'

/** How aggregates of numbers are kept as numbers side by side, see `Lanes`. */

export const countLanes: Lanes<number> = {
  init: [0],
  takesAny: true,
  add: (lane) => `${lane(0)}++`,
  merge: (older, newer) => `${older(0)} += ${newer(0)}`,
  result: (count) => count,
  unpack: ([count = 0]) => count,
  pack: (count) => [count],
}

/** The sum, its rest, how many values there were. */
export function sumLanes(finish: (state: Sum) => number | bigint): Lanes<Sum> {
  return {
    init: [0, 0, 0],
    add: (lane, value) => `${accumulate(lane, value)}
      ${lane(2)}++`,
    merge: (older, newer) => `${accumulate(older, newer(0))}
      ${accumulate(older, newer(1))}
      ${older(2)} += ${newer(2)}`,
    result: (sum = 0, rest = 0, count = 0) => {
      return count === 0 ? null : finish({ sum, rest, count, foreign: 0 })
    },
    unpack: ([sum = 0, rest = 0, count = 0]) => ({ sum, rest, count, foreign: 0 }),
    pack({ sum, rest, count, foreign }) {
      return foreign > 0 ? undefined : [sum, rest, count]
    },
  }
}

/** 2Sum, see `Sum`; written out, since it runs for every row. Infinity has no rest. */
export function accumulate(lane: (lane: number) => string, value: string): string {
  return `{
      const before = ${lane(0)}, value = ${value}, after = before + value, added = after - before
      const lost = before - (after - added) + (value - added)
      ${lane(0)} = after
      if (lost === lost) ${lane(1)} += lost
    }`
}

/** The extreme; NaN: there was no value. */
export function extremeLanes(better: '>' | '<'): Lanes<number | null> {
  const take = (best: string, value: string) =>
    `if (${value} ${better} ${best} || ${best} !== ${best}) ${best} = ${value}`
  return {
    init: [Number.NaN],
    add: (lane, value) => take(lane(0), value),
    merge: (older, newer) => `if (${newer(0)} === ${newer(0)}) { ${take(older(0), newer(0))} }`,
    result: extremeOf,
    unpack: ([best]) => extremeOf(best),
    pack(best) {
      if (best === null) return [Number.NaN]
      return typeof best === 'number' && !Number.isNaN(best) ? [best] : undefined
    },
  }
}

function extremeOf(best: number | undefined): number | null {
  return best === undefined || Number.isNaN(best) ? null : best
}
