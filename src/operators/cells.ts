import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { Cell, CellSlots, Layout } from './layout.ts'
import { laneNumbers } from './packed-cells.ts'

/** Room for so many numbers is kept, however few there are. */
const LEAST_ROOM = 1024

/**
 * What calls keep, by slot: as numbers side by side for as long as a call met nothing but numbers, else as it is. Which of
 * the two is decided call by call; the first value that is no number changes it for good, and with it the functions that
 * were generated for that layout.
 */
export class Cells<F extends { readonly layout: Layout }> implements CellSlots {
  readonly #cells: readonly Cell[]
  readonly #functionsOf: (boxed: ReadonlySet<number>) => F
  readonly #isBoxed = new Set<number>()
  functions: F
  boxed: unknown[][]
  numbers = new Float64Array(LEAST_ROOM)
  #size = 0

  constructor(cells: readonly Cell[], functionsOf: (boxed: ReadonlySet<number>) => F) {
    this.#cells = cells
    this.#functionsOf = functionsOf
    this.functions = functionsOf(this.#isBoxed)
    this.boxed = cells.map(() => [])
  }

  /** The slot holds what calls keep of nothing. */
  open(slot: number): void {
    const { offsets, width, init } = this.functions.layout
    this.reach(slot + 1)
    const { numbers } = this
    const base = slot * width
    for (let i = 0; i < width; i++) numbers[base + i] = init[i] as number
    for (let i = 0; i < offsets.length; i++) {
      if ((offsets[i] as number) < 0) (this.boxed[i] as unknown[])[slot] = this.#cells[i]?.init()
    }
  }

  /** What a call keeps in a slot; made anew where it has lanes. */
  at(slot: number, call: number): unknown {
    const { offsets, width } = this.functions.layout
    const offset = offsets[call] as number
    const lanes = this.#cells[call]?.lanes
    if (offset < 0 || lanes === undefined) return this.boxed[call]?.[slot]
    const numbers: number[] = []
    const base = slot * width + offset
    for (let i = 0; i < lanes.init.length; i++) numbers.push(this.numbers[base + i] as number)
    return lanes.unpack(numbers)
  }

  box(calls: readonly number[]): false {
    for (const call of calls) {
      this.boxed[call] = Array.from({ length: this.#size }, (_, slot) => this.at(slot, call))
      this.#isBoxed.add(call)
    }
    this.functions = this.#functionsOf(this.#isBoxed)
    return false
  }

  /** Whether a call that could be kept as numbers is not. */
  isBoxed(call: number): boolean {
    return this.#isBoxed.has(call)
  }

  /** Has the layout of other cells of the same calls, or gives them its own. */
  agree(others: Cells<{ readonly layout: Layout }>): void {
    for (let call = 0; call < this.#cells.length; call++) {
      const own = this.isBoxed(call)
      if (own === others.isBoxed(call)) continue
      if (own) others.box([call])
      else this.box([call])
    }
  }

  /** Takes over what stands in a slot of cells with the same layout, which must not be used there any more. */
  take(slot: number, from: CellSlots, at: number): void {
    const { width, offsets } = this.functions.layout
    this.reach(slot + 1)
    const { numbers } = this
    for (let i = 0, to = slot * width, base = at * width; i < width; i++) {
      numbers[to + i] = from.numbers[base + i] as number
    }
    for (let i = 0; i < offsets.length; i++) {
      if ((offsets[i] as number) < 0) (this.boxed[i] as unknown[])[slot] = from.boxed[i]?.[at]
    }
  }

  /** Nobody asks for a slot any more. */
  drop(slot: number): void {
    const { offsets } = this.functions.layout
    for (let i = 0; i < offsets.length; i++) {
      if ((offsets[i] as number) < 0) (this.boxed[i] as unknown[])[slot] = null
    }
  }

  move(from: number, to: number): void {
    const { width, offsets } = this.functions.layout
    this.reach(Math.max(from, to) + 1)
    this.numbers.copyWithin(to * width, from * width, (from + 1) * width)
    for (const [call, column] of this.boxed.entries()) {
      if ((offsets[call] as number) < 0) column[to] = column[from]
    }
  }

  /** Only those slots are left, and numbered anew in this order. */
  renumber(slots: readonly number[]): void {
    const { width, offsets } = this.functions.layout
    const numbers = new Float64Array(Math.max(LEAST_ROOM, slots.length * width))
    for (const [to, from] of slots.entries()) {
      numbers.set(this.numbers.subarray(from * width, (from + 1) * width), to * width)
    }
    this.numbers = numbers
    this.boxed = this.boxed.map((column, call) => {
      return (offsets[call] as number) < 0 ? slots.map((slot) => column[slot]) : column
    })
    this.#size = slots.length
  }

  /** Forgets all slots. What was learnt of the values stays. */
  clear(): void {
    const used = this.#size * this.functions.layout.width
    if (this.numbers.length > 8 * Math.max(used, LEAST_ROOM)) {
      this.numbers = new Float64Array(Math.max(LEAST_ROOM, 2 * used))
    }
    this.boxed = this.boxed.map(() => [])
    this.#size = 0
  }

  /**
   * By call, in columns.
   * @param order which slots, in that order; missing: all of them
   */
  snapshot(order?: Int32Array): unknown[] {
    const { offsets } = this.functions.layout
    const size = order?.length ?? this.#size
    return this.#cells.map(({ lanes }, call): Saved => {
      const offset = offsets[call] as number
      if (lanes !== undefined && offset >= 0) {
        return { size, lanes: this.#lanes(offset, lanes.init.length, order) }
      }
      const column = this.boxed[call] ?? []
      const own = order ? Array.from(order, (slot) => column[slot]) : column.slice(0, size)
      return { size, cells: packColumn(own) }
    })
  }

  /**
   * Before the first row.
   * @param state what `snapshot` made; missing: that call starts anew
   * @param slots how many there are
   */
  restore(state: readonly unknown[], slots = 0): void {
    const saved = state as readonly (Saved | undefined)[] // what snapshot made
    const size = Math.max(slots, ...saved.map((column) => column?.size ?? 0))
    for (let slot = 0; slot < size; slot++) this.open(slot)
    for (const [call, column] of saved.entries()) {
      const lanes = this.#cells[call]?.lanes
      if (column === undefined) continue
      const cells = column.lanes === undefined ? unpackColumn(column.cells) : undefined
      const numbers = lanes && (column.lanes ?? laneNumbers(cells ?? [], lanes))
      if (lanes !== undefined && numbers !== undefined) {
        this.#setLanes(this.functions.layout.offsets[call] as number, lanes.init.length, numbers)
      } else {
        if (lanes !== undefined) this.box([call])
        this.boxed[call] = cells ?? []
      }
    }
  }

  #lanes(offset: number, count: number, order: Int32Array | undefined): Float64Array {
    const { width } = this.functions.layout
    const size = order?.length ?? this.#size
    const made = new Float64Array(size * count)
    for (let i = 0, to = 0; i < size; i++) {
      const base = (order === undefined ? i : (order[i] as number)) * width + offset
      for (let lane = 0; lane < count; lane++) made[to++] = this.numbers[base + lane] as number
    }
    return made
  }

  #setLanes(offset: number, count: number, numbers: Float64Array): void {
    const { width } = this.functions.layout
    for (let from = 0; from < numbers.length; from++) {
      const slot = Math.floor(from / count)
      this.numbers[slot * width + offset + (from % count)] = numbers[from] as number
    }
  }

  /** There are at least so many slots. */
  reach(size: number): void {
    if (size > this.#size) this.#size = size
    const needed = size * this.functions.layout.width
    if (needed <= this.numbers.length) return
    const bigger = new Float64Array(Math.max(needed, 2 * this.numbers.length))
    bigger.set(this.numbers)
    this.numbers = bigger
  }
}

interface Saved {
  readonly size: number
  readonly lanes?: Float64Array | undefined
  readonly cells?: unknown
}
