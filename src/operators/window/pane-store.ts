import { type GroupRow, groupRow } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import type { GroupParts } from '#src/operators/groups.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import type { Row } from '#src/operators/operator.ts'
import { packCells, unpackCells } from '#src/operators/packed-cells.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type Pane, TwoStacks } from './two-stacks.ts'

/** Whether accumulators of these calls can be made pane by pane. */
export function hasPanes({ calls }: GroupColumns): boolean {
  return calls.every(({ aggregator }) => aggregator.merge !== undefined && !aggregator.grows)
}

/** The closed panes of all groups: of each group those only in which it has rows. */
export class PaneStore {
  readonly #columns: GroupColumns
  readonly #row: GroupRow
  #index: KeyIndex
  /** By slot of the key; without panes for a group that is gone. */
  #stacks: TwoStacks[] = []
  #live = 0
  #sequence = 0

  constructor(columns: GroupColumns) {
    this.#columns = columns
    this.#row = groupRow(columns)
    this.#index = new KeyIndex(columns.keys.length, true)
  }

  /** How many groups there are. */
  get size(): number {
    return this.#live
  }

  add(pane: number, parts: GroupParts): void {
    const stack = this.#stack(parts.keys)
    if (stack.size === 0) this.#live++
    const { keys, accumulators, first, firstRow } = parts
    stack.push({ keys, accumulators, first, firstRow, pane, sequence: this.#sequence++ })
  }

  /** Drops the panes before that one, and groups without panes. */
  evict(before: number): void {
    for (const stack of this.#stacks) {
      if (stack.size === 0) continue
      stack.evict(before)
      if (stack.size === 0) this.#live--
    }
    const dead = this.#stacks.length - this.#live
    if (dead > 64 && dead > this.#live) this.#compact()
  }

  /** A row per group, in the order of their first rows. */
  rows(complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const { calls, first } = this.#columns
    const slots: number[] = []
    const sequences: number[] = []
    const firsts: unknown[][] = first.map(() => [])
    const firstRows: Row[] = []
    const accumulators: unknown[][] = calls.map(() => [])
    for (let slot = 0; slot < this.#stacks.length; slot++) {
      const stack = this.#stacks[slot] as TwoStacks
      const { oldest } = stack
      sequences.push(oldest?.sequence ?? 0)
      for (let i = 0; i < firsts.length; i++) firsts[i]?.push(oldest?.first[i])
      firstRows.push(oldest?.firstRow ?? {})
      for (let i = 0; i < accumulators.length; i++) {
        accumulators[i]?.push(oldest === undefined ? undefined : stack.total(i))
      }
      if (oldest !== undefined) slots.push(slot)
    }
    slots.sort((a, b) => (sequences[a] as number) - (sequences[b] as number))
    const made: Row[] = []
    const numbers = new Float64Array(0)
    const own = { index: this.#index, boxed: accumulators, numbers, firsts, firstRows }
    for (const slot of slots) {
      try {
        const row = this.#row(slot, own)
        complete(row)
        made.push(row)
      } catch (error) {
        failed(error)
      }
    }
    return made
  }

  clear(): void {
    this.#index = new KeyIndex(this.#columns.keys.length, true)
    this.#stacks = []
    this.#live = 0
  }

  /** All panes in columns, group after group. */
  snapshot(): unknown {
    this.#compact()
    const all = this.#stacks.map((stack) => stack.panes())
    const panes: Pane[] = []
    for (const { front, back } of all) {
      for (const pane of front) panes.push(pane)
      for (const pane of back) panes.push(pane)
    }
    const { calls, first } = this.#columns
    return {
      keys: this.#index.snapshot(),
      sequence: this.#sequence,
      fronts: packColumn(all.map(({ front }) => front.length)),
      backs: packColumn(all.map(({ back }) => back.length)),
      panes: packColumn(panes.map(({ pane }) => pane)),
      sequences: packColumn(panes.map(({ sequence }) => sequence)),
      accumulators: calls.map(({ aggregator }, i) => {
        return packCells(
          panes.map((pane) => pane.accumulators[i]),
          aggregator.lanes,
        )
      }),
      firsts: first.map((_, i) => packColumn(panes.map((pane) => pane.first[i]))),
      firstRows: this.#columns.keepFirst && packColumn(panes.map(({ firstRow }) => firstRow ?? {})),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    this.clear()
    this.#index.restore(saved.keys)
    this.#sequence = saved.sequence
    const pane = unpackColumn(saved.panes) as number[]
    const sequence = unpackColumn(saved.sequences) as number[]
    const { calls } = this.#columns
    const accumulators = saved.accumulators.map((column, i) => {
      return unpackCells(column, calls[i]?.aggregator.lanes)
    })
    const firsts = saved.firsts.map(unpackColumn)
    const firstRows =
      saved.firstRows === undefined ? undefined : (unpackColumn(saved.firstRows) as Row[])
    const panes = pane.map((number, i): Pane => {
      return {
        pane: number,
        sequence: sequence[i] as number,
        keys: [],
        accumulators: accumulators.map((column) => column[i]),
        first: firsts.map((column) => column[i]),
        firstRow: firstRows?.[i],
      }
    })
    const backs = unpackColumn(saved.backs) as number[]
    let at = 0
    for (const [slot, fronts] of (unpackColumn(saved.fronts) as number[]).entries()) {
      const stack = this.#made()
      const end = at + fronts + (backs[slot] as number)
      stack.restore(panes.slice(at, at + fronts), panes.slice(at + fronts, end))
      this.#stacks.push(stack)
      this.#live++
      at = end
    }
  }

  #stack(keys: readonly unknown[]): TwoStacks {
    const slot = this.#index.slot(keys)
    const known = this.#stacks[slot]
    if (known !== undefined) return known
    const made = this.#made()
    this.#stacks[slot] = made
    return made
  }

  #made(): TwoStacks {
    return new TwoStacks(this.#columns.calls.map(({ aggregator }) => aggregator))
  }

  /** Forgets the groups without panes. */
  #compact(): void {
    if (this.#stacks.length === this.#live) return
    const { keys } = this.#columns
    const index = new KeyIndex(keys.length, true)
    const stacks: TwoStacks[] = []
    for (const [slot, stack] of this.#stacks.entries()) {
      if (stack.size === 0) continue
      index.slot(keys.map((_, i) => this.#index.value(slot, i)))
      stacks.push(stack)
    }
    this.#index = index
    this.#stacks = stacks
  }
}

interface Saved {
  readonly keys: unknown
  readonly sequence: number
  readonly fronts: unknown
  readonly backs: unknown
  readonly panes: unknown
  readonly sequences: unknown
  readonly accumulators: readonly unknown[]
  readonly firsts: readonly unknown[]
  readonly firstRows: unknown
}
