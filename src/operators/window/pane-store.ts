import { Cells } from '#src/operators/cells.ts'
import { type GroupRow, groupRow } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import type { Groups } from '#src/operators/groups.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import { layoutOf } from '#src/operators/layout.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type Area, areaOf, reach } from './areas.ts'
import { type MergeFunctions, mergeFunctions } from './merge-code.ts'
import { PaneEntries } from './pane-entries.ts'

/** Whether accumulators of these calls can be made pane by pane. */
export function hasPanes({ calls }: GroupColumns): boolean {
  return calls.every(({ aggregator }) => aggregator.merge !== undefined && !aggregator.grows)
}

interface PaneFunctions extends MergeFunctions {
  readonly row: GroupRow
}

/** The panes of one group, by number: the oldest `fronts` of them are in front. */
interface Stack {
  oldest: number
  newest: number
  size: number
  fronts: number
  /** What holds the accumulators of those behind the front; -1: there are none. */
  back: number
}

const NONE = -1

/**
 * The closed panes of all groups: of each group those only in which it has rows. New ones come at the back, old ones leave
 * at the front. A pane in front is aggregated with all newer ones in front; the back is the aggregate of the newer panes.
 * So the aggregate of all takes one merge, a pane is merged twice in its life, and nothing is ever taken out of an
 * accumulator. All accumulators stand side by side, by the number of their pane.
 */
export class PaneStore {
  readonly #columns: GroupColumns
  #index: KeyIndex
  #cells: Cells<PaneFunctions>
  #entries = new PaneEntries()
  #firsts: unknown[][]
  #firstRows: Row[] = []
  /** By slot of the key; without panes for a group that is gone. */
  #stacks: Stack[] = []
  /** The accumulators over all panes of each group that fires. */
  #totals: Area | undefined
  #live = 0
  #sequence = 0

  constructor(columns: GroupColumns) {
    this.#columns = columns
    this.#index = new KeyIndex(columns.keys.length, true)
    this.#cells = this.#makeCells()
    this.#firsts = columns.first.map(() => [])
  }

  /** How many groups there are. */
  get size(): number {
    return this.#live
  }

  /** Takes over what each group holds; they are cleared before the next row comes. */
  add(pane: number, groups: Groups): void {
    const { keys } = this.#columns
    const { index, held, firsts, firstRows } = groups.contents
    this.#cells.agree(held)
    for (let from = 0; from < index.size; from++) {
      const slot =
        keys.length === 1
          ? this.#index.slotOfOne(index.value(from, 0))
          : this.#index.slot(keys.map((_, i) => index.value(from, i)))
      const entry = this.#entries.take(pane, this.#sequence++)
      this.#cells.take(entry, held, from)
      for (let i = 0; i < firsts.length; i++) {
        ;(this.#firsts[i] as unknown[])[entry] = firsts[i]?.[from]
      }
      if (this.#columns.keepFirst !== undefined) this.#firstRows[entry] = firstRows[from] as Row
      this.#push(this.#stack(slot), entry)
    }
  }

  /** Drops the panes before that one, and groups without panes. */
  evict(before: number): void {
    for (const stack of this.#stacks) {
      if (stack.size === 0) continue
      this.#evict(stack, before)
      if (stack.size === 0) this.#live--
    }
    const dead = this.#stacks.length - this.#live
    if (dead > 64 && dead > this.#live) this.#compact()
    const { made, used } = this.#entries
    if (made > 4096 && made > 4 * used) this.restore(this.snapshot())
  }

  /** A row per group, in the order of their first rows. */
  rows(complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const { calls, first, keepFirst } = this.#columns
    const { functions } = this.#cells
    const { sequences } = this.#entries
    const code = { functions, calls: calls.length }
    this.#totals ??= areaOf(code, 0)
    const totals = this.#totals
    reach(totals, code, this.#stacks.length)
    const firsts: unknown[][] = first.map(() => [])
    const firstRows: Row[] = []
    const slots: number[] = []
    const order = new Float64Array(this.#stacks.length)
    for (let slot = 0; slot < this.#stacks.length; slot++) {
      const stack = this.#stacks[slot] as Stack
      if (stack.size === 0) continue
      const { oldest, fronts, back } = stack
      functions.set(totals, slot, this.#cells, fronts > 0 ? oldest : back)
      if (fronts > 0 && back !== NONE) functions.merge(totals, slot, this.#cells, back)
      for (let i = 0; i < firsts.length; i++) {
        ;(firsts[i] as unknown[])[slot] = this.#firsts[i]?.[oldest]
      }
      if (keepFirst !== undefined) firstRows[slot] = this.#firstRows[oldest] as Row
      order[slot] = sequences[oldest] as number
      slots.push(slot)
    }
    slots.sort((a, b) => (order[a] as number) - (order[b] as number))
    const parts = { index: this.#index, ...totals, firsts, firstRows }
    const made: Row[] = []
    for (const slot of slots) {
      try {
        const row = functions.row(slot, parts)
        complete(row)
        made.push(row)
      } catch (error) {
        failed(error)
      }
    }
    for (const column of totals.boxed) column.length = 0
    return made
  }

  clear(): void {
    this.#index = new KeyIndex(this.#columns.keys.length, true)
    this.#cells = this.#makeCells()
    this.#entries = new PaneEntries()
    this.#firsts = this.#columns.first.map(() => [])
    this.#firstRows = []
    this.#stacks = []
    this.#totals = undefined
    this.#live = 0
  }

  /** All panes in columns, group after group, each from the oldest on. */
  snapshot(): unknown {
    this.#compact()
    const { panes, sequences } = this.#entries
    const order = this.#order()
    return {
      keys: this.#index.snapshot(),
      sequence: this.#sequence,
      sizes: packColumn(this.#stacks.map(({ size }) => size)),
      fronts: packColumn(this.#stacks.map(({ fronts }) => fronts)),
      panes: gathered(panes, order),
      sequences: gathered(sequences, order),
      accumulators: this.#cells.snapshot(order),
      firsts: this.#firsts.map((column) => packColumn(picked(column, order))),
      firstRows: this.#columns.keepFirst && packColumn(picked(this.#firstRows, order)),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    this.clear()
    this.#index.restore(saved.keys)
    this.#cells.restore(saved.accumulators)
    this.#sequence = saved.sequence
    this.#firsts = saved.firsts.map(unpackColumn)
    if (saved.firstRows !== undefined) this.#firstRows = unpackColumn(saved.firstRows) as Row[]
    const fronts = unpackColumn(saved.fronts) as number[]
    // The entries first, so that they have the numbers of their columns.
    const entries = Array.from(saved.panes, (pane, i) =>
      this.#entries.take(pane, saved.sequences[i] as number),
    )
    let at = 0
    for (const [slot, size] of (unpackColumn(saved.sizes) as number[]).entries()) {
      const stack = this.#stack(slot)
      for (const entry of entries.slice(at, at + size)) {
        if (stack.size < (fronts[slot] as number)) this.#append(stack, entry)
        else this.#push(stack, entry)
        stack.fronts = Math.min(stack.size, fronts[slot] as number)
      }
      at += size
    }
  }

  #stack(slot: number): Stack {
    const known = this.#stacks[slot]
    if (known !== undefined) return known
    const made = { oldest: NONE, newest: NONE, size: 0, fronts: 0, back: NONE }
    this.#stacks[slot] = made
    return made
  }

  /** The newest pane of its group. */
  #push(stack: Stack, entry: number): void {
    this.#append(stack, entry)
    const { functions } = this.#cells
    if (stack.back !== NONE) {
      functions.merge(this.#cells, stack.back, this.#cells, entry)
      return
    }
    stack.back = this.#entries.take(0, 0)
    this.#cells.reach(stack.back + 1)
    this.#cells.functions.set(this.#cells, stack.back, this.#cells, entry)
  }

  #append(stack: Stack, entry: number): void {
    if (stack.size++ === 0) {
      this.#live++
      stack.oldest = entry
    } else this.#entries.link(stack.newest, entry)
    stack.newest = entry
  }

  #evict(stack: Stack, before: number): void {
    const { panes } = this.#entries
    while (stack.fronts > 0 && (panes[stack.oldest] as number) < before) {
      this.#drop(stack)
      stack.fronts--
    }
    if (stack.fronts > 0 || stack.size === 0) return
    if ((panes[stack.oldest] as number) >= before) return
    while (stack.size > 0 && (panes[stack.oldest] as number) < before) this.#drop(stack)
    this.#release(stack.back)
    stack.back = NONE
    const all = this.#entriesOf(stack)
    for (let i = all.length - 2; i >= 0; i--) {
      const [older, newer] = [all[i] as number, all[i + 1] as number]
      this.#cells.functions.merge(this.#cells, older, this.#cells, newer)
    }
    stack.fronts = all.length
  }

  /** The oldest pane of its group. */
  #drop(stack: Stack): void {
    stack.oldest = this.#release(stack.oldest)
    stack.size--
  }

  #release(entry: number): number {
    this.#cells.drop(entry)
    for (const column of this.#firsts) if (entry < column.length) column[entry] = undefined
    if (entry < this.#firstRows.length) this.#firstRows[entry] = {}
    return this.#entries.release(entry)
  }

  #entriesOf({ oldest, size }: Stack): number[] {
    const all: number[] = []
    for (let entry = oldest; all.length < size; entry = this.#entries.next(entry)) all.push(entry)
    return all
  }

  /** The entries of all groups. */
  #order(): Int32Array {
    const count = this.#stacks.reduce((sum, { size }) => sum + size, 0)
    const order = new Int32Array(count)
    let at = 0
    for (const { oldest, size } of this.#stacks) {
      let entry = oldest
      for (let i = 0; i < size; i++, entry = this.#entries.next(entry)) order[at++] = entry
    }
    return order
  }

  #makeCells(): Cells<PaneFunctions> {
    const columns = this.#columns
    const cells = columns.calls.map(({ aggregator }) => aggregator)
    return new Cells(cells, (boxed) => {
      // What was laid out otherwise is of no use any more.
      this.#totals = undefined
      const layout = layoutOf(cells, boxed)
      return { ...mergeFunctions(columns, layout), row: groupRow(columns, layout) }
    })
  }

  /** Forgets the groups without panes. */
  #compact(): void {
    if (this.#stacks.length === this.#live) return
    const { keys } = this.#columns
    const index = new KeyIndex(keys.length, true)
    const stacks: Stack[] = []
    for (const [slot, stack] of this.#stacks.entries()) {
      if (stack.size === 0) continue
      index.slot(keys.map((_, i) => this.#index.value(slot, i)))
      stacks.push(stack)
    }
    this.#index = index
    this.#stacks = stacks
  }
}

function gathered(column: Float64Array, order: Int32Array): Float64Array {
  const made = new Float64Array(order.length)
  for (let i = 0; i < order.length; i++) made[i] = column[order[i] as number] as number
  return made
}

function picked(column: readonly unknown[], order: Int32Array): unknown[] {
  return Array.from(order, (entry) => column[entry])
}

interface Saved {
  readonly keys: unknown
  readonly sequence: number
  readonly sizes: unknown
  readonly fronts: unknown
  readonly panes: Float64Array
  readonly sequences: Float64Array
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
