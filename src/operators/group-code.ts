import { FunctionConstructor } from '#src/expressions/captured.ts'
import { literalKey } from '#src/own-property.ts'
import { callCode } from './call-code.ts'
import { Cells } from './cells.ts'
import { Constants } from './constants.ts'
import type { GroupColumns } from './group-columns.ts'
import type { KeyIndex } from './key-index.ts'
import { type CellSlots, type Layout, laneReader, layoutOf } from './layout.ts'
import type { Row } from './operator.ts'

/** Where groups are. */
export interface GroupSlots {
  readonly index: KeyIndex
  readonly held: CellSlots
  /** Makes the accumulators of a new slot. Throws what an expression of the row throws, and then there is no slot. */
  open(slot: number, row: Row): void
}

/** What the row of a group is made of. */
export interface RowParts {
  readonly index: KeyIndex
  /** By call, then by slot. */
  readonly boxed: readonly unknown[][]
  readonly numbers: Float64Array
  /** What is neither key nor aggregate, by column, then by slot. */
  readonly firsts: readonly unknown[][]
  /** Copies of the groups' first rows, where they are kept. */
  readonly firstRows: readonly Row[]
}

export type GroupRow = (slot: number, parts: RowParts) => Row

/** Functions that are generated for the calls of a statement in one layout. */
export interface GroupFunctions {
  readonly layout: Layout
  /** Takes a row into its group. @returns false when a value fits no lane any more: nothing has changed but the layout */
  readonly add: (slots: GroupSlots, row: Row) => boolean
  /** The same for groups whose slot is known; the keys are not looked at. */
  readonly addTo: (slots: GroupSlots, slot: number, isNew: boolean, row: Row) => boolean
  readonly row: GroupRow
}

/** The generated functions of a statement, one set for each layout that came up. */
export class GroupCode {
  readonly columns: GroupColumns
  readonly #made = new Map<string, GroupFunctions>()

  constructor(columns: GroupColumns) {
    this.columns = columns
  }

  /** Where groups keep their accumulators. */
  cells(): Cells<GroupFunctions> {
    const cells = this.columns.calls.map(({ aggregator }) => aggregator)
    return new Cells(cells, (boxed) => this.of(boxed))
  }

  /** @param boxed the calls that met other values than numbers */
  of(boxed: ReadonlySet<number>): GroupFunctions {
    const name = [...boxed].sort((a, b) => a - b).join(',')
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const cells = this.columns.calls.map(({ aggregator }) => aggregator)
    const layout = layoutOf(cells, boxed)
    const made: GroupFunctions = {
      layout,
      add: groupAdder(this.columns, layout),
      addTo: slotAdder(this.columns, layout),
      row: groupRow(this.columns, layout),
    }
    this.#made.set(name, made)
    return made
  }
}

/**
 * Code that takes a row into its group: keys, then all arguments, then the accumulators, each call in lines of its own.
 * So every call site sees one function, which makes it several times as fast as a loop over the calls.
 */
function groupAdder(columns: GroupColumns, layout: Layout): GroupFunctions['add'] {
  const constants = new Constants()
  const keys = columns.keys.map(({ value }) => `${constants.add(value)}(row)`)
  const { before, adds } = callCode(columns, layout, constants)
  const [key] = keys
  const slot =
    keys.length === 1
      ? `index.slotOfOne(${key})`
      : `index.slot(${keys.length === 0 ? 'none' : `[${keys.join(', ')}]`})`
  const text = `'use strict'
    ${constants.text}
    const none = []
    return function add(slots, row) {
      ${before.join('\n')}
      const { index } = slots
      const known = index.size
      const slot = ${slot}
      if (slot === known) slots.open(slot, row)
      ${adds.join('\n')}
      return true
    }`
  return new FunctionConstructor('constants', text)(constants.values)
}

function slotAdder(columns: GroupColumns, layout: Layout): GroupFunctions['addTo'] {
  const constants = new Constants()
  const { before, adds } = callCode(columns, layout, constants)
  const text = `'use strict'
    ${constants.text}
    return function add(slots, slot, isNew, row) {
      ${before.join('\n')}
      if (isNew) slots.open(slot, row)
      ${adds.join('\n')}
      return true
    }`
  return new FunctionConstructor('constants', text)(constants.values)
}

/** Code that makes a group's row: one object literal, so that all of them share one hidden class. */
export function groupRow(columns: GroupColumns, layout?: Layout): GroupRow {
  const constants = new Constants()
  const members = columns.keys.map(({ as }, i) => `${literalKey(as)}: index.value(slot, ${i})`)
  for (const [i, { as }] of columns.first.entries()) {
    members.push(`${literalKey(as)}: firsts[${i}][slot]`)
  }
  for (const [i, call] of columns.calls.entries()) {
    const offset = layout?.offsets[i] ?? -1
    for (const { aggregator, as } of [call, ...(call.also ?? [])]) {
      const { lanes } = aggregator
      const result =
        offset < 0 || lanes === undefined
          ? `${constants.add(aggregator)}.result(boxed[${i}][slot])`
          : `${constants.add(lanes)}.result(${lanes.init.map((_, j) => laneReader(offset)(j)).join(', ')})`
      members.push(`${literalKey(as)}: ${result}`)
    }
  }
  const before = columns.keepFirst === undefined ? '' : '...firstRows[slot], '
  const text = `'use strict'
    ${constants.text}
    return function row(slot, { index, boxed, numbers, firsts, firstRows }) {
      const base = slot * ${layout?.width ?? 0}
      return { ${before}${members.join(', ')} }
    }`
  return new FunctionConstructor('constants', text)(constants.values)
}
