import type { Aggregator } from '#src/functions/declaration.ts'
import type { Block, CapturedColumns } from './captured-columns.ts'

/** How many rows a block has; all but the newest are full. */
const BLOCK_ROWS = 32

/** What all groups of a statement share. */
export interface SlidingCode extends CapturedColumns {
  readonly aggregators: readonly Aggregator<unknown>[]
  /** Numbers of the calls whose accumulators are joined, and of the others. */
  readonly joined: readonly number[]
  readonly others: readonly number[]
}

/**
 * The rows of one group in a window that slides, in blocks: new rows come at the back, old ones leave at the front. Two
 * stacks of blocks: the accumulators of a block in front are those of all rows from it to the newest in front; `back`
 * those of the full blocks behind them. What is left of the oldest block is folded when it is asked for, and row by row
 * when it is asked for again. So a row is aggregated about twice in its life, however long the window is and however
 * often it fires, and nothing is ever taken out of an accumulator.
 */
export class SlidingGroup {
  readonly #code: SlidingCode
  /** The oldest first; those before `head` are gone. The last one is open. */
  #blocks: Block[] = []
  #head = 0
  /** Rows of the oldest block that are gone. */
  #row = 0
  #fronts = 0
  #back: unknown[] | undefined
  /** How often the rest of the oldest block was asked for. */
  #asked = 0
  /** From the second time on: by row of the oldest block, the accumulators from there. */
  #tails: unknown[][] = []

  constructor(code: SlidingCode) {
    this.#code = code
  }

  /** The oldest row: its block and its place in it. */
  get oldest(): { readonly block: Block; readonly row: number } | undefined {
    const block = this.#blocks[this.#head]
    return block === undefined ? undefined : { block, row: this.#row }
  }

  get isEmpty(): boolean {
    return this.#head === this.#blocks.length
  }

  /** How many rows are in memory. */
  get rows(): number {
    const blocks = this.#blocks.length - this.#head
    return blocks === 0 ? 0 : (blocks - 1) * BLOCK_ROWS + this.#open.times.length
  }

  /** Where the next row goes. */
  block(): Block {
    if (!this.isEmpty) {
      const open = this.#open
      if (open.times.length < BLOCK_ROWS) return open
      // The only block, of which rows may be gone already, is the front by itself.
      if (this.#head === this.#blocks.length - 1) this.#fronts = 1
      else this.#push(open)
    }
    const made = this.#made()
    this.#blocks.push(made)
    return made
  }

  /** Drops the rows up to that time. */
  evict(time: number): void {
    const blocks = this.#blocks
    let head = this.#head
    while (head < blocks.length && (blocks[head]?.times.at(-1) as number) <= time) head++
    const isMoved = head > this.#head
    if (isMoved) this.#moveTo(head)
    const oldest = blocks[head]
    if (oldest === undefined) return
    let row = this.#row
    while ((oldest.times[row] as number) <= time) row++
    this.#row = row
    if ((isMoved || row > 0) && this.#fronts === 0) this.#flip()
  }

  /** The accumulators by call over all rows; fit to be read, and to be dropped. Only when it is not empty. */
  totals(): unknown[] {
    const { joined, others } = this.#code
    const totals = joined.length === 0 ? [] : this.#joinedTotals()
    if (others.length === 0) return totals
    const all = totals.slice()
    for (const call of others) all[call] = this.#code.aggregators[call]?.init()
    for (let i = this.#head; i < this.#blocks.length; i++) {
      const block = this.#blocks[i] as Block
      this.#code.foldOthers(all, block, i === this.#head ? this.#row : 0, block.times.length)
    }
    return all
  }

  /** What has to be kept beside the rows of `blocks`, so that all goes on as it would have. */
  marks(): readonly number[] {
    return [this.rows, this.#row, this.#fronts, this.#asked]
  }

  blocks(): readonly Block[] {
    return this.#blocks.slice(this.#head)
  }

  /** @param blocks without their accumulators */
  restore(blocks: readonly Block[], [, row, fronts, asked]: readonly number[]): void {
    this.#blocks = [...blocks]
    this.#row = row ?? 0
    this.#asked = asked ?? 0
    for (const block of this.#blocks) {
      this.#init(block.accumulators)
      this.#code.fold(block.accumulators, block, 0, block.times.length)
    }
    this.#join(fronts ?? 0)
    for (const block of this.#blocks.slice(this.#fronts, -1)) this.#push(block)
  }

  get #open(): Block {
    return this.#blocks[this.#blocks.length - 1] as Block // only asked for when there is one
  }

  #joinedTotals(): unknown[] {
    const blocks = this.#blocks
    const last = blocks.length - 1
    const head = blocks[this.#head] as Block
    const parts: unknown[][] = []
    const isCut = this.#row > 0
    if (isCut) parts.push(this.#rest(head))
    else if (this.#fronts > 0 || this.#head === last) parts.push(head.accumulators)
    if (isCut && this.#fronts > 1) parts.push((blocks[this.#head + 1] as Block).accumulators)
    if (this.#back !== undefined) parts.push(this.#back)
    if (this.#head < last) parts.push(this.#open.accumulators)
    const [first, ...others] = parts
    if (others.length === 0) return first as unknown[] // there is at least one
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
  #rest(block: Block): unknown[] {
    const { length } = block.times
    const isFull = block !== this.#open
    if (isFull && ++this.#asked > 1) {
      if (this.#tails.length === 0) this.#foldTails(block)
      return this.#tails[this.#row] as unknown[]
    }
    const made = this.#init([])
    this.#code.fold(made, block, this.#row, length)
    return made
  }

  #foldTails(block: Block): void {
    let newer: unknown[] | undefined
    for (let i = block.times.length - 1; i >= this.#row; i--) {
      const own = this.#init([])
      this.#code.fold(own, block, i, i + 1)
      if (newer !== undefined) this.#mergeInto(own, newer)
      this.#tails[i] = own
      newer = own
    }
  }

  #moveTo(head: number): void {
    const gone = head - this.#head
    // A block of the back is gone: what is left of it is brought to the front.
    if (gone > this.#fronts) this.#back = undefined
    this.#fronts = Math.max(0, this.#fronts - gone)
    this.#head = head
    this.#row = 0
    this.#asked = 0
    this.#tails = []
    if (head === this.#blocks.length) this.#blocks = []
    else if (head > 32 && head * 2 > this.#blocks.length) this.#blocks = this.#blocks.slice(head)
    else return
    this.#head = 0
  }

  /** All full blocks come to the front. */
  #flip(): void {
    this.#back = undefined
    this.#join(this.#blocks.length - 1 - this.#head)
  }

  /** Joins so many of the oldest blocks, each with all newer ones. */
  #join(fronts: number): void {
    this.#fronts = fronts
    for (let i = this.#head + fronts - 2; i >= this.#head; i--) {
      const [older, newer] = [this.#blocks[i] as Block, this.#blocks[i + 1] as Block]
      this.#mergeInto(older.accumulators, newer.accumulators)
    }
  }

  /** A block is full. */
  #push(block: Block): void {
    this.#back ??= this.#init([])
    this.#mergeInto(this.#back, block.accumulators)
  }

  #mergeInto(older: unknown[], newer: readonly unknown[]): void {
    const { aggregators, joined } = this.#code
    for (const call of joined) older[call] = aggregators[call]?.merge?.(older[call], newer[call])
  }

  #made(): Block {
    const columns = Array.from({ length: this.#code.width }, () => [])
    return { times: [], sequences: [], columns, accumulators: this.#init([]) }
  }

  #init(accumulators: unknown[]): unknown[] {
    const { aggregators, joined } = this.#code
    for (const call of joined) accumulators[call] = aggregators[call]?.init()
    return accumulators
  }
}

/** Cuts columns into blocks. */
export function blocksOf(
  times: readonly number[],
  sequences: readonly number[],
  columns: readonly (readonly unknown[])[],
): Block[] {
  const blocks: Block[] = []
  for (let from = 0; from < times.length; from += BLOCK_ROWS) {
    const to = from + BLOCK_ROWS
    blocks.push({
      times: times.slice(from, to),
      sequences: sequences.slice(from, to),
      columns: columns.map((column) => column.slice(from, to)),
      accumulators: [],
    })
  }
  return blocks
}
