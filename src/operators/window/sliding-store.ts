import { type GroupRow, groupRow } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { type CapturedRows, capturedColumns, isJoined } from './captured-columns.ts'
import { type SlidingCode, SlidingGroup } from './sliding-group.ts'

/** The rows of a sliding window by group. */
export class SlidingStore {
  readonly #columns: GroupColumns
  readonly #code: SlidingCode
  readonly #row: GroupRow
  readonly #find: (key: readonly unknown[]) => CapturedRows
  #index: KeyIndex
  /** By slot of the key. */
  #groups: SlidingGroup[] = []
  #sequence = 0
  /** Rows taken since the old ones were dropped from all groups, and how many then were left. */
  #added = 0
  #held = 0

  constructor(columns: GroupColumns) {
    const { calls, keys } = columns
    this.#columns = columns
    this.#row = groupRow(columns)
    this.#index = new KeyIndex(keys.length)
    const numbers = calls.map((_, i) => i)
    this.#code = {
      ...capturedColumns(columns, keys.length > 0),
      aggregators: calls.map(({ aggregator }) => aggregator),
      joined: numbers.filter((i) => isJoined(calls[i] as (typeof calls)[number])),
      others: numbers.filter((i) => !isJoined(calls[i] as (typeof calls)[number])),
    }
    this.#find = (key) => this.#group(key)
  }

  /** No row came yet. */
  get isUnused(): boolean {
    return this.#sequence === 0
  }

  /**
   * Takes a row in; throws what its expressions throw, and then nothing has changed.
   * @param start rows up to there are asked for never more
   */
  add(row: Row, time: number, start: number): void {
    this.#code.take(this.#find, row, time, this.#sequence)
    this.#sequence++
    // Also where the window hardly ever fires, old rows do not pile up.
    if (++this.#added > this.#held + 1024) this.#evict(start)
  }

  /** A row per group over the rows behind `start`, in the order of their first rows. Those up to it are dropped. */
  rows(start: number, complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const { calls, first, keepFirst } = this.#columns
    const firsts: unknown[][] = first.map(() => [])
    const accumulators: unknown[][] = calls.map(() => [])
    const firstRows: Row[] = []
    const found: { readonly slot: number; readonly sequence: number }[] = []
    for (let slot = 0; slot < this.#groups.length; slot++) {
      const group = this.#groups[slot] as SlidingGroup
      group.evict(start)
      const { isEmpty, oldest, columns } = group
      const totals = isEmpty ? [] : group.totals()
      for (let i = 0; i < calls.length; i++) accumulators[i]?.push(totals[i])
      for (let i = 0; i < first.length; i++) {
        firsts[i]?.push(columns[this.#code.first[i] as number]?.[oldest])
      }
      if (keepFirst !== undefined) {
        firstRows.push((columns[this.#code.keepFirst as number]?.[oldest] ?? {}) as Row)
      }
      if (!isEmpty) found.push({ slot, sequence: group.sequences[oldest] ?? 0 })
    }
    if (found.length > 1) found.sort((a, b) => a.sequence - b.sequence)
    const own = { index: this.#index, accumulators, firsts, firstRows, open() {} }
    const made: Row[] = []
    for (const { slot } of found) {
      try {
        const row = this.#row(slot, own)
        complete(row)
        made.push(row)
      } catch (error) {
        failed(error)
      }
    }
    const gone = this.#groups.length - found.length
    if (gone > 64 && gone > found.length) this.#compact()
    return made
  }

  /** The rows in columns, group after group. */
  snapshot(): unknown {
    this.#compact()
    const groups = this.#groups
    return {
      keys: this.#index.snapshot(),
      numbers: [this.#sequence, this.#added, this.#held],
      marks: packColumn(groups.flatMap((group) => group.marks())),
      times: packColumn(groups.flatMap(({ times }) => times)),
      sequences: packColumn(groups.flatMap(({ sequences }) => sequences)),
      columns: Array.from({ length: this.#code.width }, (_, i) => {
        return packColumn(groups.flatMap(({ columns }) => columns[i] as unknown[]))
      }),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    ;[this.#sequence, this.#added, this.#held] = saved.numbers
    this.#index.restore(saved.keys)
    const marks = unpackColumn(saved.marks) as number[]
    const times = unpackColumn(saved.times) as number[]
    const sequences = unpackColumn(saved.sequences) as number[]
    const columns = saved.columns.map(unpackColumn)
    let at = 0
    for (let i = 0; i < marks.length; i += MARKS) {
      const own = marks.slice(i, i + MARKS)
      const end = at + (own[0] as number)
      const group = new SlidingGroup(this.#code)
      const rows = {
        times: times.slice(at, end),
        sequences: sequences.slice(at, end),
        columns: columns.map((column) => column.slice(at, end)),
      }
      group.restore(rows, own)
      this.#groups.push(group)
      at = end
    }
  }

  #group(key: readonly unknown[]): SlidingGroup {
    const slot = key.length === 0 ? 0 : this.#index.slot(key)
    const known = this.#groups[slot]
    if (known !== undefined) return known
    if (key.length === 0) this.#index.slot(key)
    const made = new SlidingGroup(this.#code)
    this.#groups[slot] = made
    return made
  }

  #evict(start: number): void {
    this.#held = 0
    for (const group of this.#groups) {
      group.evict(start)
      this.#held += group.times.length
    }
    this.#added = 0
    this.#compact()
  }

  /** Forgets the groups without rows. */
  #compact(): void {
    if (this.#groups.every((group) => !group.isEmpty)) return
    const { keys } = this.#columns
    const index = new KeyIndex(keys.length)
    const groups: SlidingGroup[] = []
    for (const [slot, group] of this.#groups.entries()) {
      if (group.isEmpty) continue
      index.slot(keys.map((_, i) => this.#index.value(slot, i)))
      groups.push(group)
    }
    this.#index = index
    this.#groups = groups
  }
}

/** How many numbers a group keeps beside its rows. */
const MARKS = 4

interface Saved {
  readonly keys: unknown
  readonly numbers: [number, number, number]
  readonly marks: unknown
  readonly times: unknown
  readonly sequences: unknown
  readonly columns: readonly unknown[]
}
