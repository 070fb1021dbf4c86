import type { Aggregator } from '#src/functions/declaration.ts'
import type { CapturedColumns, Growing, Segment } from './captured-columns.ts'

/** 2 ** 5 rows are a block; all but the newest are full. */
const BLOCK_BITS = 5
const IN_BLOCK = (1 << BLOCK_BITS) - 1

/** Rows are kept in segments of so many: nothing large is ever copied. */
const SEGMENT_BITS = 10
const IN_SEGMENT = (1 << SEGMENT_BITS) - 1

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
export class SlidingGroup implements Growing {
  readonly #code: SlidingCode
  #segments: Segment[] = []
  #newest: Segment
  /** How many rows there are in the segments. */
  #length = 0
  /** By block, the accumulators by call. */
  #blocks: unknown[][] = []
  /** Rows that are in the accumulators of their block; those of the open one wait until they are asked for. */
  #folded = 0
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
    this.#newest = noRows(code)
  }

  get isEmpty(): boolean {
    return this.#row === this.#length
  }

  /** How many rows are in memory. */
  get length(): number {
    return this.#length
  }

  /** The number of the oldest row; only when it is not empty. */
  get oldestSequence(): number {
    return this.#segment(this.#row).sequences[this.#row & IN_SEGMENT] as number
  }

  /** A column of the oldest row. */
  oldest(column: number): unknown {
    return this.#segment(this.#row).columns[column]?.[this.#row & IN_SEGMENT]
  }

  grow(): Segment {
    if ((this.#length & IN_BLOCK) === 0) this.#openBlock()
    if ((this.#length & IN_SEGMENT) === 0) {
      this.#newest = noRows(this.#code)
      this.#segments.push(this.#newest)
    }
    this.#length++
    return this.#newest
  }

  /** Drops the rows before that time. @param isIncluded false: those of that time too */
  evict(start: number, isIncluded: boolean): void {
    const before = this.#head
    let row = this.#row
    const isGone = (at: number) => at < start || (at === start && !isIncluded)
    if (!isGone(this.#time(row))) return
    while (isGone(this.#time(row | IN_BLOCK))) row = (row | IN_BLOCK) + 1
    while (isGone(this.#time(row))) row++
    if (row === this.#length) {
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
    if (row > IN_SEGMENT) this.#cut()
  }

  /** The accumulators by call over all rows; fit to be read, and to be dropped. Only when it is not empty. */
  totals(): unknown[] {
    const { joined, others, aggregators } = this.#code
    const totals = joined.length === 0 ? [] : this.#joinedTotals()
    if (others.length === 0) return totals
    const all = totals.slice()
    for (const call of others) all[call] = aggregators[call]?.init()
    for (let from = this.#row; from < this.#length; from = (from | IN_SEGMENT) + 1) {
      const { columns, times } = this.#segment(from)
      this.#code.foldOthers(all, columns, from & IN_SEGMENT, times.length)
    }
    return all
  }

  /** What has to be kept beside the rows, so that all goes on as it would have; how many rows first. */
  get marks(): readonly number[] {
    return [this.#length, this.#row, this.#fronts, this.#asked]
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  restore({ times, sequences, columns }: Segment, [, row, fronts, asked]: readonly number[]): void {
    this.#length = times.length
    this.#row = row ?? 0
    this.#asked = asked ?? 0
    for (let from = 0; from < times.length; from += IN_SEGMENT + 1) {
      const to = from + IN_SEGMENT + 1
      this.#segments.push({
        times: times.slice(from, to),
        sequences: sequences.slice(from, to),
        columns: columns.map((column) => column.slice(from, to)),
      })
    }
    this.#newest = this.#segments.at(-1) ?? this.#newest
    for (let from = 0; from < times.length; from += IN_BLOCK + 1) {
      const block = this.#init([])
      this.#fold(block, from, Math.min(from + IN_BLOCK + 1, times.length))
      this.#blocks.push(block)
    }
    this.#folded = times.length
    // Blocks before the oldest row are gone; they stand there because whole segments are kept.
    this.#join(fronts ?? 0)
    for (const block of this.#blocks.slice(this.#head + this.#fronts, -1)) this.#push(block)
  }

  /** The block of the oldest row. */
  get #head(): number {
    return this.#row >> BLOCK_BITS
  }

  #openBlock(): void {
    const last = this.#blocks.length - 1
    if (last >= 0) {
      this.#foldOpen()
      // The only block, of which rows may be gone already, is the front by itself.
      if (this.#head === last) this.#fronts = 1
      else this.#push(this.#blocks[last] as unknown[])
    }
    this.#blocks.push(this.#init([]))
  }

  #segment(row: number): Segment {
    return this.#segments[row >> SEGMENT_BITS] as Segment // rows that are there
  }

  #time(row: number): number {
    return this.#segments[row >> SEGMENT_BITS]?.times[row & IN_SEGMENT] as number
  }

  #fold(accumulators: unknown[], from: number, to: number): void {
    const { columns } = this.#segment(from)
    const first = from & IN_SEGMENT
    this.#code.fold(accumulators, columns, first, first + to - from)
  }

  #joinedTotals(): unknown[] {
    const blocks = this.#blocks
    const last = blocks.length - 1
    const head = this.#head
    this.#foldOpen()
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
    const to = isFull ? (this.#row | IN_BLOCK) + 1 : this.#length
    this.#fold(made, this.#row, to)
    return made
  }

  #foldOpen(): void {
    if (this.#folded === this.#length) return
    const open = this.#blocks[this.#blocks.length - 1] as unknown[]
    this.#fold(open, this.#folded, this.#length)
    this.#folded = this.#length
  }

  #foldTails(): void {
    let newer: unknown[] | undefined
    for (let i = this.#row | IN_BLOCK; i >= this.#row; i--) {
      const own = this.#init([])
      this.#fold(own, i, i + 1)
      if (newer !== undefined) this.#mergeInto(own, newer)
      this.#tails[i & IN_BLOCK] = own
      newer = own
    }
  }

  #clear(): void {
    this.#segments = []
    this.#length = 0
    this.#blocks = []
    this.#folded = 0
    this.#row = 0
    this.#fronts = 0
    this.#back = undefined
    this.#asked = 0
    this.#tails = []
  }

  /** Forgets the segments before that of the oldest row. */
  #cut(): void {
    const segments = this.#row >> SEGMENT_BITS
    const rows = segments << SEGMENT_BITS
    this.#segments = this.#segments.slice(segments)
    this.#blocks = this.#blocks.slice(rows >> BLOCK_BITS)
    this.#length -= rows
    this.#row -= rows
    this.#folded -= rows
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

function noRows({ width }: SlidingCode): Segment {
  return { times: empty(), sequences: empty(), columns: Array.from({ length: width }, empty) }
}

/** An array that holds numbers unboxed from its first element on; V8 would have to learn it of each anew. */
function empty(): number[] {
  const made = [0.5]
  made.length = 0
  return made
}
