import type { Aggregator } from '#src/functions/declaration.ts'
import type { CapturedColumns, CapturedRows } from './captured-columns.ts'

/** 2 ** 5 rows are a block; all but the newest are full. */
const BLOCK_BITS = 5
const IN_BLOCK = (1 << BLOCK_BITS) - 1

/** From then on the rest of a block is aggregated from each of its rows at once. */
const OFTEN = 8

/** What all groups of a statement share. */
export interface SlidingCode extends CapturedColumns {
  readonly aggregators: readonly Aggregator<unknown>[]
  /** Numbers of the calls whose accumulators are joined, and of the others. */
  readonly joined: readonly number[]
  readonly others: readonly number[]
}

/**
 * The rows of one group in a window that slides: new ones come at the back, old ones leave at the front. Two stacks of
 * blocks of rows: the accumulators of a block in front are those of all rows from it to the newest in front; `back` those
 * of the full blocks behind them. What is left of the oldest block is folded when it is asked for. So a row is aggregated
 * about twice in its life, however long the window is and however often it fires, and nothing is ever taken out of an
 * accumulator.
 */
export class SlidingGroup implements CapturedRows {
  times: number[] = []
  sequences: number[] = []
  columns: unknown[][]
  readonly #code: SlidingCode
  /** By block, the accumulators by call. */
  #blocks: unknown[][] = []
  /** The oldest row that is left. */
  #row = 0
  /** How many blocks are in front, from that of the oldest row on. */
  #fronts = 0
  #back: unknown[] | undefined
  /** How often the rest of the oldest block was asked for. */
  #asked = 0
  /** Where that is often: the accumulators from each row of the oldest block. */
  #tails: unknown[][] = []

  constructor(code: SlidingCode) {
    this.#code = code
    this.columns = noColumns(code)
  }

  /** The oldest row; only when it is not empty. */
  get oldest(): number {
    return this.#row
  }

  get isEmpty(): boolean {
    return this.#row === this.times.length
  }

  open(): unknown[] {
    const rows = this.times.length
    const last = this.#blocks.length - 1
    if ((rows & IN_BLOCK) !== 0) return this.#blocks[last] as unknown[]
    if (last >= 0) {
      // The only block, of which rows may be gone already, is the front by itself.
      if (this.#head === last) this.#fronts = 1
      else this.#push(this.#blocks[last] as unknown[])
    }
    const made = this.#init([])
    this.#blocks.push(made)
    return made
  }

  /** Drops the rows up to that time. */
  evict(time: number): void {
    const { times } = this
    const before = this.#head
    let row = this.#row
    if (!((times[row] as number) <= time)) return
    while ((times[row | IN_BLOCK] as number) <= time) row = (row | IN_BLOCK) + 1
    while ((times[row] as number) <= time) row++
    if (row === times.length) {
      this.#clear()
      return
    }
    this.#row = row
    const gone = this.#head - before
    if (gone === 0) return
    this.#fronts = Math.max(0, this.#fronts - gone)
    this.#asked = 0
    this.#tails = []
    if (this.#fronts === 0) {
      // What is left of the back is brought to the front.
      this.#back = undefined
      this.#join(this.#blocks.length - 1 - this.#head)
    }
    if (this.#head > 64 && this.#head * 2 > this.#blocks.length) this.#cut()
  }

  /** The accumulators by call over all rows; fit to be read, and to be dropped. Only when it is not empty. */
  totals(): unknown[] {
    const { joined, others, aggregators } = this.#code
    const totals = joined.length === 0 ? [] : this.#joinedTotals()
    if (others.length === 0) return totals
    const all = totals.slice()
    for (const call of others) all[call] = aggregators[call]?.init()
    this.#code.foldOthers(all, this.columns, this.#row, this.times.length)
    return all
  }

  /** What has to be kept beside the rows, so that all goes on as it would have; how many rows first. */
  marks(): readonly number[] {
    this.#cut()
    return [this.times.length, this.#row, this.#fronts, this.#asked]
  }

  /** @param rows as they were after `marks` */
  restore(rows: Omit<CapturedRows, 'open'>, [, row, fronts, asked]: readonly number[]): void {
    this.times = rows.times
    this.sequences = rows.sequences
    this.columns = rows.columns
    this.#row = row ?? 0
    this.#asked = asked ?? 0
    for (let from = 0; from < this.times.length; from += IN_BLOCK + 1) {
      const block = this.#init([])
      const to = Math.min(from + IN_BLOCK + 1, this.times.length)
      this.#code.fold(block, this.columns, from, to)
      this.#blocks.push(block)
    }
    this.#join(fronts ?? 0)
    for (const block of this.#blocks.slice(this.#fronts, -1)) this.#push(block)
  }

  /** The block of the oldest row. */
  get #head(): number {
    return this.#row >> BLOCK_BITS
  }

  #joinedTotals(): unknown[] {
    const blocks = this.#blocks
    const last = blocks.length - 1
    const head = this.#head
    const parts: unknown[][] = []
    const isCut = (this.#row & IN_BLOCK) !== 0
    if (isCut) parts.push(this.#rest(head))
    else if (this.#fronts > 0 || head === last) parts.push(blocks[head] as unknown[])
    if (isCut && this.#fronts > 1) parts.push(blocks[head + 1] as unknown[])
    if (this.#back !== undefined) parts.push(this.#back)
    if (head < last) parts.push(blocks[last] as unknown[])
    if (parts.length === 1) return parts[0] as unknown[]
    const { aggregators, joined } = this.#code
    const made: unknown[] = []
    for (const call of joined) {
      const aggregator = aggregators[call] as Aggregator<unknown>
      let total = aggregator.init()
      for (const part of parts) total = aggregator.merge?.(total, part[call])
      made[call] = total
    }
    return made
  }

  /** What is left of the oldest block. */
  #rest(head: number): unknown[] {
    const isFull = head < this.#blocks.length - 1
    if (isFull && ++this.#asked > OFTEN) {
      if (this.#tails.length === 0) this.#foldTails()
      return this.#tails[this.#row & IN_BLOCK] as unknown[]
    }
    const made = this.#init([])
    const to = isFull ? (this.#row | IN_BLOCK) + 1 : this.times.length
    this.#code.fold(made, this.columns, this.#row, to)
    return made
  }

  #foldTails(): void {
    let newer: unknown[] | undefined
    for (let i = this.#row | IN_BLOCK; i >= this.#row; i--) {
      const own = this.#init([])
      this.#code.fold(own, this.columns, i, i + 1)
      if (newer !== undefined) this.#mergeInto(own, newer)
      this.#tails[i & IN_BLOCK] = own
      newer = own
    }
  }

  #clear(): void {
    this.times = []
    this.sequences = []
    this.columns = noColumns(this.#code)
    this.#blocks = []
    this.#row = 0
    this.#fronts = 0
    this.#back = undefined
    this.#asked = 0
    this.#tails = []
  }

  /** Forgets the blocks before that of the oldest row. */
  #cut(): void {
    const head = this.#head
    if (head === 0) return
    const from = head << BLOCK_BITS
    this.times = this.times.slice(from)
    this.sequences = this.sequences.slice(from)
    this.columns = this.columns.map((column) => column.slice(from))
    this.#blocks = this.#blocks.slice(head)
    this.#row -= from
  }

  /** Joins so many of the oldest blocks, each with all newer ones. */
  #join(fronts: number): void {
    this.#fronts = fronts
    for (let i = this.#head + fronts - 2; i >= this.#head; i--) {
      this.#mergeInto(this.#blocks[i] as unknown[], this.#blocks[i + 1] as unknown[])
    }
  }

  /** A block behind the front is full. */
  #push(block: readonly unknown[]): void {
    this.#back ??= this.#init([])
    this.#mergeInto(this.#back, block)
  }

  #mergeInto(older: unknown[], newer: readonly unknown[]): void {
    const { aggregators, joined } = this.#code
    for (let i = 0; i < joined.length; i++) {
      const call = joined[i] as number
      older[call] = aggregators[call]?.merge?.(older[call], newer[call])
    }
  }

  #init(accumulators: unknown[]): unknown[] {
    const { aggregators, joined } = this.#code
    for (let i = 0; i < joined.length; i++) {
      const call = joined[i] as number
      accumulators[call] = aggregators[call]?.init()
    }
    return accumulators
  }
}

function noColumns({ width }: SlidingCode): unknown[][] {
  return Array.from({ length: width }, () => [])
}
