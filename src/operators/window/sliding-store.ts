import { type GroupRow, groupRow, type RowParts } from '#src/operators/group-code.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import { layoutOf } from '#src/operators/layout.ts'
import type { Row } from '#src/operators/operator.ts'
import { packColumn, packParts, unpackColumn } from '#src/state/columns.ts'
import { type Area, reach } from './areas.ts'
import { type CapturedFunctions, isJoined } from './captured-code.ts'
import { type CapturedColumns, capturedColumns } from './captured-columns.ts'
import type { Segment, Taker } from './segments.ts'
import { type SlidingCode, SlidingGroup } from './sliding-group.ts'

/** What rows are made of: the keys, and by slot what a group shows of its rows when it fires. */
interface View extends RowParts, Area {
  numbers: Float64Array
  readonly boxed: unknown[][]
  readonly firsts: readonly unknown[][]
  readonly firstRows: Row[]
}

/** The rows of a sliding window by group. */
export class SlidingStore {
  readonly #columns: GroupColumns
  readonly #includesStart: boolean
  readonly #captured: CapturedColumns
  readonly #code: SlidingCode
  readonly #isBoxed = new Set<number>()
  readonly #taker: Taker
  #row: GroupRow
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
    this.#view = viewOf(columns)
    const captured = capturedColumns(columns, keys.length > 0)
    this.#captured = captured
    const functions = this.#functions()
    this.#row = groupRow(columns, functions.layout)
    const { width, hasOthers } = captured
    this.#code = { functions, width, hasOthers, calls: calls.length }
    this.#taker = {
      find:
        keys.length === 0
          ? (key) => this.#groups[0] ?? this.#group(key)
          : (key) => this.#group(key),
      box: (boxed) => this.#box(boxed),
    }
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
    while (!this.#code.functions.take(this.#taker, row, time, this.#sequence));
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
    const found: number[] = []
    for (let slot = 0; slot < this.#groups.length; slot++) {
      const group = this.#groups[slot] as SlidingGroup
      group.evict(start, this.#includesStart)
      if (!group.isEmpty) found.push(slot)
    }
    if (found.length > 1) found.sort((a, b) => this.#order(a) - this.#order(b))
    const made: Row[] = []
    for (let i = 0; i < found.length; i++) {
      try {
        const row = this.#made(found[i] as number)
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

  /** Where there are no dimensions: the one row, if there is one. Throws what results throw. */
  only(start: number): Row | undefined {
    const [group] = this.#groups
    if (group === undefined) return undefined
    group.evict(start, this.#includesStart)
    return group.isEmpty ? undefined : this.#made(0)
  }

  /** The rows in columns, group after group. */
  snapshot(): unknown {
    this.#compact()
    const segments = this.#groups.flatMap((group) => group.segments())
    return {
      keys: this.#view.index.snapshot(),
      numbers: [this.#sequence, this.#added, this.#held],
      boxed: [...this.#isBoxed],
      marks: packColumn(this.#groups.flatMap((group) => group.marks)),
      times: joined(segments, ({ times }) => times),
      sequences: joined(segments, ({ sequences }) => sequences),
      columns: Array.from({ length: this.#code.width }, (_, i) => {
        return joined(segments, ({ columns }) => columns[i] ?? [])
      }),
    }
  }

  restore(state: unknown): void {
    const saved = state as Saved // what snapshot made
    ;[this.#sequence, this.#added, this.#held] = saved.numbers
    this.#view.index.restore(saved.keys)
    this.#box(saved.boxed)
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
        count: end - at,
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

  /** The row of a group. */
  #made(slot: number): Row {
    const group = this.#groups[slot] as SlidingGroup
    const view = this.#view
    const { first, keepFirst } = this.#captured
    reach(view, this.#code, slot + 1)
    group.totals(view, slot)
    for (let i = 0; i < first.length; i++) {
      ;(view.firsts[i] as unknown[])[slot] = group.oldest(first[i] as number)
    }
    if (keepFirst !== undefined) view.firstRows[slot] = group.oldest(keepFirst) as Row
    return this.#row(slot, view)
  }

  #functions(): CapturedFunctions {
    const cells = this.#columns.calls.map((call) => {
      return isJoined(call) ? call.aggregator : { init: call.aggregator.init }
    })
    return this.#captured.functions(layoutOf(cells, this.#isBoxed))
  }

  #box(calls: readonly number[]): false {
    for (const call of calls) this.#isBoxed.add(call)
    this.#code.functions = this.#functions()
    this.#row = groupRow(this.#columns, this.#code.functions.layout)
    for (const group of this.#groups) group.rebuild()
    return false
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

function joined(segments: readonly Segment[], of: (segment: Segment) => unknown[]): unknown {
  return packParts(segments.map((segment) => ({ values: of(segment), count: segment.count })))
}

function viewOf({ keys, calls, first }: GroupColumns): View {
  return {
    index: new KeyIndex(keys.length, true),
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
  /** The calls that met other values than numbers. */
  readonly boxed: readonly number[]
  readonly marks: unknown
  readonly times: unknown
  readonly sequences: unknown
  readonly columns: readonly unknown[]
}
