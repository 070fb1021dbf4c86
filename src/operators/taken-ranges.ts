import { packColumn, unpackColumn } from '#src/state/columns.ts'

/** From `start`, without `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Ranges that were given out. They lie in order, none touches another. */
export class TakenRanges {
  #ranges: Range[] = []

  /** Forgets what ended before `time`. */
  forget(time: number): void {
    const left = this.#ranges.findIndex(({ end }) => end >= time)
    if (left !== 0) this.#ranges = left < 0 ? [] : this.#ranges.slice(left)
  }

  /** Takes a range. @returns the parts of it that were free, in order */
  take({ start, end }: Range): readonly Range[] {
    const ranges = this.#ranges
    const first = this.#firstFrom(start)
    const free: Range[] = []
    let [from, lowest, last] = [start, start, first]
    for (; last < ranges.length; last++) {
      const taken = ranges[last] as Range
      if (taken.start > end) break
      if (taken.start > from) free.push({ start: from, end: Math.min(taken.start, end) })
      lowest = Math.min(lowest, taken.start)
      from = Math.max(from, taken.end)
    }
    if (from < end) free.push({ start: from, end })
    ranges.splice(first, last - first, { start: lowest, end: Math.max(from, end) })
    return free
  }

  snapshot(): unknown {
    return {
      starts: packColumn(this.#ranges.map(({ start }) => start)),
      ends: packColumn(this.#ranges.map(({ end }) => end)),
    }
  }

  restore(state: unknown): void {
    const { starts, ends } = state as Record<'starts' | 'ends', unknown> // what snapshot made
    const columns = [starts, ends].map((column) => unpackColumn(column) as number[])
    const [from = [], to = []] = columns
    this.#ranges = from.map((start, i) => ({ start, end: to[i] as number }))
  }

  /** The first that ends at `time` or behind it. */
  #firstFrom(time: number): number {
    let [low, high] = [0, this.#ranges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle] as Range).end < time) low = middle + 1
      else high = middle
    }
    return low
  }
}
