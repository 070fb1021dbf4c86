import type { IncrementalAggregate } from '@plutino/sdk'

interface Numbers {
  /** Those of the group, sorted. */
  readonly sorted: number[]
}

/**
 * `spread(value)`: the difference between the greatest and the smallest number of a group. An incremental aggregate: it is
 * told what comes and what goes, so that a sliding window need not go through its rows again.
 */
export const Spread: IncrementalAggregate<Numbers> = {
  validate(args) {
    if (args.length !== 1) throw new Error(`spread takes one argument, not ${args.length}`)
  },
  isAggregate: () => true,
  init: () => ({ sorted: [] }),
  add({ sorted }, [value]) {
    if (typeof value === 'number') sorted.splice(placeOf(sorted, value), 0, value)
    return { sorted }
  },
  remove({ sorted }, [value]) {
    if (typeof value === 'number') sorted.splice(placeOf(sorted, value), 1)
    return { sorted }
  },
  result({ sorted }) {
    const [least] = sorted
    const greatest = sorted.at(-1)
    return least === undefined || greatest === undefined ? null : greatest - least
  },
}

/** The first place whose number is not less. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
