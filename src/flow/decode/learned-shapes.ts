import type { Buffer } from 'node:buffer'
import type { Row } from '#src/operators/operator.ts'
import { JsonReader } from './json-reader.ts'
import { type ReadShape, readerOf, shapeOf } from './json-shape.ts'
import type { Column } from './row-layout.ts'

const MAX_SHAPES = 4
/** Of the payloads that no shape fits, one in so many is looked at. */
const MISSES_PER_LOOK = 8
const RECENT_LOOKS = 8
const MISSES_PER_EVICTION = 64
/** Generating code costs about a millisecond: a stream gets this many at once, then one per so many payloads. */
const MAX_BUDGET = 32
const PAYLOADS_PER_BUDGET = 100_000

interface Learned {
  readonly signature: string
  readonly read: ReadShape
  hits: number
  /** The shape expected behind one of this. */
  next: Learned
  /** What came instead last time: expected from its second time on. */
  other: Learned
}

/**
 * The few shapes that a stream's payloads have. A new one is learned when its like was met repeatedly among the misses,
 * within a budget, so that payloads made to differ cannot keep it generating code.
 */
export class LearnedShapes {
  readonly #columns: readonly Column[]
  readonly #reader: JsonReader
  readonly #shapes: Learned[] = []
  #last: Learned | undefined
  #misses = 0
  #payloads = 0
  #budget = MAX_BUDGET
  readonly #recent: string[] = []
  #generated = 0

  constructor(columns: readonly Column[], isExact: boolean) {
    this.#columns = columns
    this.#reader = new JsonReader({ exact: isExact })
  }

  /** How often code was generated. */
  get generated(): number {
    return this.#generated
  }

  /** Fills the row if the payload has one of the shapes. Throws `SchemaMismatch`. */
  read(bytes: Uint8Array, view: DataView, start: number, end: number, row: Row): boolean {
    const last = this.#last
    if (last === undefined) return false
    const guess = last.next
    if (guess.read(bytes, view, start, end, row)) {
      guess.hits++
      this.#last = guess
      return true
    }
    for (const shape of this.#shapes) {
      if (shape === guess || !shape.read(bytes, view, start, end, row)) continue
      shape.hits++
      if (last.other === shape) last.next = shape
      last.other = shape
      this.#last = shape
      return true
    }
    return false
  }

  /** Told of an object that JSON.parse accepted and no shape fitted. */
  missed(bytes: Buffer, view: DataView, start: number, end: number): void {
    this.#misses++
    const isFirst = this.#shapes.length === 0 && this.#misses < MISSES_PER_LOOK
    if (!isFirst && this.#misses % MISSES_PER_LOOK !== 0) return
    if (!this.#hasBudget()) return
    const shape = shapeOf(bytes, view, start, end)
    if (shape === undefined) return
    if (this.#shapes.length > 0 && !this.#wasMet(shape.signature)) return
    // A failed read that half fits may be of a known shape with a value too deep for it.
    if (this.#shapes.some(({ signature }) => signature === shape.signature)) return
    if (this.#shapes.length === MAX_SHAPES && !this.#evict()) return
    this.#budget--
    this.#generated++
    this.#add(shape.signature, readerOf(shape, this.#columns, this.#reader))
  }

  #hasBudget(): boolean {
    const payloads = this.#misses + this.#shapes.reduce((sum, { hits }) => sum + hits, 0)
    const earned = Math.floor((payloads - this.#payloads) / PAYLOADS_PER_BUDGET)
    if (earned > 0) {
      this.#payloads += earned * PAYLOADS_PER_BUDGET
      this.#budget = Math.min(MAX_BUDGET, this.#budget + earned)
    }
    return this.#budget > 0
  }

  #wasMet(signature: string): boolean {
    if (this.#recent.includes(signature)) return true
    this.#recent.push(signature)
    if (this.#recent.length > RECENT_LOOKS) this.#recent.shift()
    return false
  }

  /** Gives up the shape least met, unless it is of more use than a new one can be. */
  #evict(): boolean {
    if (this.#misses < MISSES_PER_EVICTION) return false
    const weakest = this.#shapes.reduce((a, b) => (b.hits < a.hits ? b : a))
    // The misses are of several shapes, each of them as rare as one of many.
    const isUseful = weakest.hits * RECENT_LOOKS * 2 > this.#misses
    this.#misses = 0
    this.#payloads = 0
    for (const shape of this.#shapes) shape.hits = 0
    if (isUseful) return false
    this.#shapes.splice(this.#shapes.indexOf(weakest), 1)
    const first = this.#shapes[0]
    if (first === undefined) return false
    for (const shape of this.#shapes) {
      if (shape.next === weakest) shape.next = first
      if (shape.other === weakest) shape.other = first
    }
    if (this.#last === weakest) this.#last = first
    return true
  }

  #add(signature: string, read: ReadShape): void {
    const shape: Omit<Learned, 'next' | 'other'> & Partial<Learned> = { signature, read, hits: 0 }
    const learned = Object.assign(shape, { next: shape as Learned, other: shape as Learned })
    this.#shapes.push(learned)
    this.#last ??= learned
    if (this.#shapes.length > 1 && this.#last.next !== learned) this.#last.other = learned
  }
}
