import { type GroupRow, groupRow, type RowParts } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { capturedColumns, type Growing, isJoined } from './captured-columns.ts'
import { type SlidingCode, SlidingGroup } from './sliding-group.ts'

/** The rows of a sliding window by group. */
export class SlidingStore {
  readonly #columns: GroupColumns
  readonly #includesStart: boolean
  readonly #code: SlidingCode
  readonly #row: GroupRow
  readonly #find: (key: readonly unknown[]) => Growing
  /** What rows are made of: the keys, and by slot what a group shows of its rows when it fires. */
  #view: View
  /** By slot of the key. */
  #groups: SlidingGroup[] = []
  #sequence = 0
  /** Rows taken since the old ones were dropped from all groups, and how many then were left. */
  #added = 0
  #held = 0

  /** @param includesStart whether rows at the very start of a window are in it */
  constructor(columns: GroupColumns, includesStart: boolean) {
    this.#includesStart = includesStart
    const { calls, keys } = columns
    this.#columns = columns
    this.#row = groupRow(columns)
    this.#view = viewOf(columns)
    const numbers = calls.map((_, i) => i)
    this.#code = {
      ...capturedColumns(columns, keys.length > 0),
      aggregators: calls.map(({ aggregator }) => aggregator),
      joined: numbers.filter((i) => isJoined(calls[i] as (typeof calls)[number])),
      others: numbers.filter((i) => !isJoined(calls[i] as (typeof calls)[number])),
    }
    this.#find =
      keys.length === 0 ? (key) => this.#groups[0] ?? this.#group(key) : (key) => this.#group(key)
  }

  /** No row came yet. */
  get isUnused(): boolean {
    return this.#sequence === 0
  }

  /**
   * Takes a row in; throws what its expressions throw, and then nothing has changed.
   * @returns whether `evict` is to be called: also where the window hardly ever fires, old rows do not pile up
   */
  add(row: Row, time: number): boolean {
    this.#code.take(this.#find, row, time, this.#sequence)
    this.#sequence++
    return ++this.#added > this.#held + 1024
  }

  /** Drops the rows before that time, for which nobody asks any more. */
  evict(start: number): void {
    this.#held = 0
    for (const group of this.#groups) {
      group.evict(start, this.#includesStart)
      this.#held += group.length
    }
    this.#added = 0
    this.#compact()
  }

  /** A row per group over the rows from `start` on, in the order of their first rows. Older ones are dropped. */
  rows(start: number, complete: (row: Row) => void, failed: (error: unknown) => void): Row[] {
    const view = this.#view
    const found: number[] = []
    for (let slot = 0; slot < this.#groups.length; slot++) {
      const group = this.#groups[slot] as SlidingGroup
      group.evict(start, this.#includesStart)
      if (group.isEmpty) continue
      found.push(slot)
    }
    if (found.length > 1) found.sort((a, b) => this.#order(a) - this.#order(b))
    const made: Row[] = []
    for (let i = 0; i < found.length; i++) {
      const slot = found[i] as number
      try {
        this.#show(slot)
        const row = this.#row(slot, view)
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
    const segments = this.#groups.flatMap((group) => group.segments)
    return {
      keys: this.#view.index.snapshot(),
      numbers: [this.#sequence, this.#added, this.#held],
      marks: packColumn(this.#groups.flatMap((group) => group.marks)),
      times: packColumn(segments.flatMap(({ times }) => times)),
      sequences: packColumn(segments.flatMap(({ sequences }) => sequences)),
      columns: Array.from({ length: this.#code.width }, (_, i) => {
        return packColumn(segments.flatMap(({ columns }) => columns[i] as unknown[]))
      }),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    ;[this.#sequence, this.#added, this.#held] = saved.numbers
    this.#view.index.restore(saved.keys)
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

  /** The number of the oldest row. */
  #order(slot: number): number {
    return (this.#groups[slot] as SlidingGroup).oldestSequence
  }

  /** Brings what the row of a group is made of into `view`. */
  #show(slot: number): void {
    const group = this.#groups[slot] as SlidingGroup
    const { boxed, firsts, firstRows } = this.#view
    const { first, keepFirst } = this.#code
    const totals = group.totals()
    for (let i = 0; i < boxed.length; i++) (boxed[i] as unknown[])[slot] = totals[i]
    for (let i = 0; i < first.length; i++) {
      ;(firsts[i] as unknown[])[slot] = group.oldest(first[i] as number)
    }
    if (keepFirst !== undefined) firstRows[slot] = group.oldest(keepFirst) as Row
  }

  #group(key: readonly unknown[]): SlidingGroup {
    const slot = key.length === 0 ? 0 : this.#view.index.slot(key)
    const known = this.#groups[slot]
    if (known !== undefined) return known
    if (key.length === 0) this.#view.index.slot(key)
    const made = new SlidingGroup(this.#code)
    this.#groups[slot] = made
    return made
  }

  /** Forgets the groups without rows. */
  #compact(): void {
    if (this.#groups.every((group) => !group.isEmpty)) return
    const { keys } = this.#columns
    const view = viewOf(this.#columns)
    const groups: SlidingGroup[] = []
    for (const [slot, group] of this.#groups.entries()) {
      if (group.isEmpty) continue
      view.index.slot(keys.map((_, i) => this.#view.index.value(slot, i)))
      groups.push(group)
    }
    this.#view = view
    this.#groups = groups
  }
}

interface View extends RowParts {
  readonly firstRows: Row[]
}

function viewOf({ keys, calls, first }: GroupColumns): View {
  return {
    index: new KeyIndex(keys.length),
    boxed: calls.map(() => []),
    numbers: new Float64Array(0),
    firsts: first.map(() => []),
    firstRows: [],
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
