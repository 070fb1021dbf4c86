import { type Area, areaOf, cut, reach } from './areas.ts'
import type { CapturedFunctions } from './captured-code.ts'
import { type Growing, noRows, roomLike, type Segment } from './segments.ts'

/** 2 ** 5 rows are a block; all but the newest are full. */
const BLOCK_BITS = 5
const IN_BLOCK = (1 << BLOCK_BITS) - 1

/** Rows are kept in segments of so many: nothing large is ever copied. */
const SEGMENT_BITS = 10
const IN_SEGMENT = (1 << SEGMENT_BITS) - 1

/** From then on the rest of a block is aggregated from each of its rows at once. */
const OFTEN = 4

/** Where the accumulators of the back stand, those between the oldest block and the open one, and those of the blocks. */
const BACK = 0
const MIDDLE = 1
const FIRST_BLOCK = 2

/** What all groups of a statement share. */
export interface SlidingCode {
  /** Those of the layout of the moment. */
  functions: CapturedFunctions
  /** How many columns a row has, and calls there are. */
  readonly width: number
  readonly calls: number
  readonly hasOthers: boolean
}

/**
 * The rows of one group in a window that slides: new ones come at the back, old ones leave at the front. Two stacks of
 * blocks of rows: the accumulators of a block in front are those of all rows from it to the newest in front; the back holds
 * those of the full blocks behind them. What is left of the oldest block is folded when it is asked for. So a row is
 * aggregated about twice in its life, however long the window is and however often it fires, and nothing is ever taken out
 * of an accumulator.
 */
export class SlidingGroup implements Growing {
  readonly #code: SlidingCode
  /** `undefined` where all rows are gone. */
  #segments: (Segment | undefined)[] = []
  #newest: Segment
  /** One whose rows are gone, to be used again. */
  #spare: Segment | undefined
  /** The segment of the oldest row. */
  #oldest: Segment
  /** How many rows there are in the segments. */
  #length = 0
  #area: Area
  /** How many blocks there are. */
  #blocks = 0
  /** Rows that are in the accumulators of their block; those of the open one wait until they are asked for. */
  #folded = 0
  /** The oldest row that is left. */
  #row = 0
  /** How many blocks are in front, from that of the oldest row on. */
  #fronts = 0
  #hasBack = false
  /** What is in the middle is known. */
  #hasMiddle = false
  /** How often the rest of the oldest block was asked for. */
  #asked = 0
  /** Where that is often: the accumulators from each row of the oldest block. */
  #tails: Area | undefined
  #hasTails = false

  constructor(code: SlidingCode) {
    this.#code = code
    this.#newest = noRows(code.width)
    this.#oldest = this.#newest
    this.#area = areaOf(code, 0)
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
    return this.#oldest.sequences[this.#row & IN_SEGMENT] as number
  }

  /** A column of the oldest row. */
  oldest(column: number): unknown {
    return this.#oldest.columns[column]?.[this.#row & IN_SEGMENT]
  }

  grow(): Segment {
    const length = this.#length
    if ((length & IN_BLOCK) === 0) this.#openBlock()
    if ((length & IN_SEGMENT) === 0) {
      this.#newest = length === 0 ? noRows(this.#code.width) : this.#room()
      this.#segments.push(this.#newest)
      if (this.#row === length) this.#oldest = this.#newest
    }
    this.#length = length + 1
    return this.#newest
  }

  /** Drops the rows before that time. @param isIncluded false: those of that time too */
  evict(start: number, isIncluded: boolean): void {
    let row = this.#row
    if (row === this.#length) return
    const time = this.#oldest.times[row & IN_SEGMENT] as number
    if (!(time < start || (time === start && !isIncluded))) return
    const before = row >> BLOCK_BITS
    row = this.#behind(start, isIncluded)
    if (row === this.#length) {
      this.#clear()
      return
    }
    const last = this.#row >> SEGMENT_BITS
    this.#row = row
    const gone = (row >> BLOCK_BITS) - before
    if (gone === 0) return
    this.#fronts = Math.max(0, this.#fronts - gone)
    this.#asked = 0
    this.#hasTails = false
    this.#hasMiddle = false
    if (this.#fronts === 0) {
      // What is left of the back is brought to the front.
      this.#hasBack = false
      this.#join(this.#blocks - 1 - this.#head)
    }
    const segment = row >> SEGMENT_BITS
    if (segment === last) return
    this.#oldest = this.#segments[segment] as Segment
    for (let i = last; i < segment; i++) {
      this.#spare = this.#segments[i]
      this.#segments[i] = undefined
    }
    if (row * 2 > this.#length) this.#cut()
  }

  /** Writes the accumulators over all rows into a position of that area. Only when it is not empty. */
  totals(into: Area, position: number): void {
    const { functions, hasOthers } = this.#code
    this.#foldOpen()
    const head = this.#head
    const last = this.#blocks - 1
    if ((this.#row & IN_BLOCK) !== 0) {
      this.#setRest(into, position)
      if (head < last) {
        if (last - head > 1) this.#mergeMiddle(into, position)
        functions.merge(into, position, this.#area, FIRST_BLOCK + last)
      }
    } else {
      functions.set(into, position, this.#area, FIRST_BLOCK + head)
      if (this.#hasBack) functions.merge(into, position, this.#area, BACK)
      if (head < last) functions.merge(into, position, this.#area, FIRST_BLOCK + last)
    }
    if (!hasOthers) return
    functions.initOthers(into, position)
    for (let from = this.#row; from < this.#length; from = (from | IN_SEGMENT) + 1) {
      const { columns, count } = this.#segments[from >> SEGMENT_BITS] as Segment
      functions.foldOthers(into, position, columns, from & IN_SEGMENT, count)
    }
  }

  /** What has to be kept beside the rows, so that all goes on as it would have; how many rows first. */
  get marks(): readonly number[] {
    return [this.#length, this.#row, this.#fronts, this.#asked]
  }

  /** The rows; those that are gone only where they share a segment with others. */
  segments(): readonly Segment[] {
    this.#cut()
    return this.#segments as readonly Segment[]
  }

  restore({ times, sequences, columns }: Segment, [, row, fronts, asked]: readonly number[]): void {
    this.#length = times.length
    this.#row = row ?? 0
    this.#asked = asked ?? 0
    for (let from = 0; from < times.length; from += IN_SEGMENT + 1) {
      const to = from + IN_SEGMENT + 1
      this.#segments.push({
        count: Math.min(to, times.length) - from,
        times: times.slice(from, to),
        sequences: sequences.slice(from, to),
        columns: columns.map((column) => column.slice(from, to)),
      })
    }
    this.#newest = this.#segments.at(-1) ?? this.#newest
    this.#oldest = this.#segments[this.#row >> SEGMENT_BITS] ?? this.#newest
    this.#fronts = fronts ?? 0
    this.rebuild()
  }

  /** Makes all accumulators anew, for another layout. */
  rebuild(): void {
    this.#cut()
    this.#area = areaOf(this.#code, 0)
    this.#tails = undefined
    this.#hasTails = false
    this.#hasMiddle = false
    this.#hasBack = false
    this.#blocks = (this.#length + IN_BLOCK) >> BLOCK_BITS
    reach(this.#area, this.#code, FIRST_BLOCK + this.#blocks)
    for (let block = 0; block < this.#blocks; block++) {
      this.#code.functions.init(this.#area, FIRST_BLOCK + block)
      const from = block << BLOCK_BITS
      this.#fold(block, from, Math.min(from + IN_BLOCK + 1, this.#length))
    }
    this.#folded = this.#length
    const head = this.#head
    this.#join(this.#fronts)
    for (let block = head + this.#fronts; block < this.#blocks - 1; block++) this.#push(block)
  }

  /** The block of the oldest row. */
  get #head(): number {
    return this.#row >> BLOCK_BITS
  }

  /** The oldest row that is not before `start`; how many there are where there is none. */
  #behind(start: number, isIncluded: boolean): number {
    let row = this.#row
    let end = this.#time(row | IN_BLOCK)
    while (end < start || (end === start && !isIncluded)) {
      row = (row | IN_BLOCK) + 1
      end = this.#time(row | IN_BLOCK)
    }
    const segment = this.#segments[row >> SEGMENT_BITS]
    if (segment === undefined) return row
    const { times, count } = segment
    let at = row & IN_SEGMENT
    const from = at
    while (at < count) {
      const time = times[at] as number
      if (time > start || (time === start && isIncluded)) break
      at++
    }
    return row + at - from
  }

  /** NaN behind the last row. */
  #time(row: number): number {
    const segment = this.#segments[row >> SEGMENT_BITS]
    const at = row & IN_SEGMENT
    return segment === undefined || at >= segment.count ? Number.NaN : (segment.times[at] as number)
  }

  #room(): Segment {
    const spare = this.#spare
    if (spare === undefined) return roomLike(this.#newest, IN_SEGMENT + 1)
    this.#spare = undefined
    spare.count = 0
    return spare
  }

  #openBlock(): void {
    const last = this.#blocks - 1
    if (last >= 0) {
      this.#foldOpen()
      // The only block, of which rows may be gone already, is the front by itself.
      if (this.#head === last) this.#fronts = 1
      else this.#push(last)
      this.#hasMiddle = false
    }
    const position = FIRST_BLOCK + this.#blocks++
    reach(this.#area, this.#code, position + 1)
    this.#code.functions.init(this.#area, position)
  }

  /** Rows of one block. */
  #fold(block: number, from: number, to: number): void {
    const { columns } = this.#segments[from >> SEGMENT_BITS] as Segment
    const first = from & IN_SEGMENT
    this.#code.functions.fold(this.#area, FIRST_BLOCK + block, columns, first, first + to - from)
  }

  /** Of the blocks between the oldest one and the open one. */
  #mergeMiddle(into: Area, position: number): void {
    const { functions } = this.#code
    const area = this.#area
    if (!this.#hasMiddle) {
      const next = FIRST_BLOCK + this.#head + 1
      if (this.#fronts > 1) functions.set(area, MIDDLE, area, next)
      else functions.init(area, MIDDLE)
      if (this.#hasBack) functions.merge(area, MIDDLE, area, BACK)
      this.#hasMiddle = true
    }
    functions.merge(into, position, area, MIDDLE)
  }

  /** Writes what is left of the oldest block. */
  #setRest(into: Area, position: number): void {
    const { functions } = this.#code
    const isFull = this.#head < this.#blocks - 1
    if (isFull && ++this.#asked > OFTEN) {
      if (!this.#hasTails) this.#foldTails()
      functions.set(into, position, this.#tails as Area, this.#row & IN_BLOCK)
      return
    }
    const to = isFull ? (this.#row | IN_BLOCK) + 1 : this.#length
    const first = this.#row & IN_SEGMENT
    functions.init(into, position)
    functions.fold(into, position, this.#oldest.columns, first, first + to - this.#row)
  }

  #foldOpen(): void {
    if (this.#folded === this.#length) return
    this.#fold(this.#blocks - 1, this.#folded, this.#length)
    this.#folded = this.#length
  }

  #foldTails(): void {
    this.#tails ??= areaOf(this.#code, IN_BLOCK + 1)
    const first = this.#row & ~IN_BLOCK & IN_SEGMENT
    const { columns } = this.#oldest
    const from = this.#row & IN_BLOCK
    this.#code.functions.foldTails(this.#tails, columns, first, from, IN_BLOCK + 1)
    this.#hasTails = true
  }

  #clear(): void {
    this.#segments = []
    this.#spare = undefined
    this.#newest = noRows(this.#code.width)
    this.#oldest = this.#newest
    this.#length = 0
    this.#area = areaOf(this.#code, 0)
    this.#blocks = 0
    this.#folded = 0
    this.#row = 0
    this.#fronts = 0
    this.#hasBack = false
    this.#hasMiddle = false
    this.#asked = 0
    this.#hasTails = false
  }

  /** Forgets the segments before that of the oldest row, and numbers the rows anew. */
  #cut(): void {
    const segments = this.#row >> SEGMENT_BITS
    if (segments === 0) return
    const rows = segments << SEGMENT_BITS
    const blocks = rows >> BLOCK_BITS
    this.#segments = this.#segments.slice(segments)
    cut(this.#area, this.#code, {
      first: FIRST_BLOCK,
      gone: blocks,
      end: FIRST_BLOCK + this.#blocks,
    })
    this.#blocks -= blocks
    this.#length -= rows
    this.#row -= rows
    this.#folded -= rows
  }

  /** Joins so many of the oldest blocks, each with all newer ones. */
  #join(fronts: number): void {
    this.#fronts = fronts
    const head = FIRST_BLOCK + this.#head
    for (let i = head + fronts - 2; i >= head; i--) {
      this.#code.functions.merge(this.#area, i, this.#area, i + 1)
    }
  }

  /** A block behind the front is full. */
  #push(block: number): void {
    const { functions } = this.#code
    if (!this.#hasBack) functions.init(this.#area, BACK)
    this.#hasBack = true
    this.#hasMiddle = false
    functions.merge(this.#area, BACK, this.#area, FIRST_BLOCK + block)
  }
}
