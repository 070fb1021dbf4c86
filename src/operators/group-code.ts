import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { GroupColumns } from './group-columns.ts'
import type { KeyIndex } from './key-index.ts'
import type { Row } from './operator.ts'

/** What the adder works on: replaced as a whole when the groups are cleared. */
export interface GroupSlots {
  readonly index: KeyIndex
  /** By call, then by slot. */
  accumulators: unknown[][]
  /** What is neither key nor aggregate, by column, then by slot. */
  firsts: unknown[][]
  /** Copies of the groups' first rows, where they are kept. */
  firstRows: Row[]
  /** Makes the accumulators of a new slot. Throws what an expression of the row throws, and then there is no slot. */
  open(slot: number, row: Row): void
}

/**
 * Generated code that takes a row into its group: keys, then all arguments, then the accumulators, each call in a line of
 * its own. So every call site sees one function, which makes it several times as fast as a loop over the calls.
 */
export function groupAdder(columns: GroupColumns): (slots: GroupSlots, row: Row) => void {
  const constants: unknown[] = []
  const constant = (value: unknown) => `k${constants.push(value) - 1}`
  const keys = columns.keys.map(({ value }) => `${constant(value)}(row)`)
  const { before, adds } = callCode(columns, constant)
  const [key] = keys
  const slot =
    keys.length === 1 ? `slots.index.slotOfOne(${key})` : `slots.index.slot([${keys.join(', ')}])`
  const text = `'use strict'
    ${constants.length === 0 ? '' : `const [${constants.map((_, i) => `k${i}`).join(', ')}] = constants`}
    return function add(slots, row) {
      ${before.join('\n')}
      const known = slots.index.size
      const slot = ${slot}
      if (slot === known) slots.open(slot, row)
      const { accumulators } = slots
      ${adds.join('\n')}
    }`
  return new FunctionConstructor('constants', text)(constants)
}

/** Lines that evaluate the arguments of all calls, and lines that take them into the accumulators in `slot`. */
function callCode(
  { calls }: GroupColumns,
  constant: (value: unknown) => string,
): { readonly before: readonly string[]; readonly adds: readonly string[] } {
  const before: string[] = []
  const shared = new Map<unknown, string>()
  const adds: string[] = []
  for (const [i, { aggregator, args, filter }] of calls.entries()) {
    const names = args.map((value, j) => {
      // The same value for several calls is asked for once; behind a filter it is that call's own.
      const known = filter === undefined ? shared.get(value) : undefined
      if (known !== undefined) return `, ${known}`
      if (filter === undefined) shared.set(value, `a${i}_${j}`)
      before.push(`const a${i}_${j} = ${guarded(filter, i)}${constant(value)}(row)`)
      return `, a${i}_${j}`
    })
    const add = `accumulators[${i}][slot] = ${constant(aggregator)}.add(accumulators[${i}][slot]${names.join('')})`
    if (filter === undefined) adds.push(add)
    else adds.push(`if (p${i}) ${add}`)
    if (filter !== undefined) {
      before.splice(
        before.length - args.length,
        0,
        `const p${i} = ${constant(filter)}(row) === true`,
      )
    }
  }
  return { before, adds }
}

/** What a slot adder works on; see `GroupSlots`. */
export interface OpenSlots {
  accumulators: unknown[][]
  open(slot: number, row: Row): void
}

export type SlotAdder = (slots: OpenSlots, slot: number, isNew: boolean, row: Row) => void

/** Like `groupAdder`, for groups whose slot is known already. The keys are not looked at. */
export function slotAdder(columns: GroupColumns): SlotAdder {
  const constants: unknown[] = []
  const constant = (value: unknown) => `k${constants.push(value) - 1}`
  const { before, adds } = callCode(columns, constant)
  const text = `'use strict'
    ${constants.length === 0 ? '' : `const [${constants.map((_, i) => `k${i}`).join(', ')}] = constants`}
    return function add(slots, slot, isNew, row) {
      ${before.join('\n')}
      if (isNew) slots.open(slot, row)
      const { accumulators } = slots
      ${adds.join('\n')}
    }`
  return new FunctionConstructor('constants', text)(constants)
}

/** Generated code that makes a group's row: one object literal, so that all of them share one hidden class. */
export function groupRow(columns: GroupColumns): GroupRow {
  const constants: unknown[] = []
  const members = columns.keys.map(({ as }, i) => `${name(as)}: index.value(slot, ${i})`)
  for (const [i, { as }] of columns.first.entries()) {
    members.push(`${name(as)}: firsts[${i}][slot]`)
  }
  for (const [i, call] of columns.calls.entries()) {
    for (const { aggregator, as } of [call, ...(call.also ?? [])]) {
      const result = `k${constants.push(aggregator) - 1}.result(accumulators[${i}][slot])`
      members.push(`${name(as)}: ${result}`)
    }
  }
  const before = columns.keepFirst === undefined ? '' : '...firstRows[slot], '
  const text = `'use strict'
    ${constants.length === 0 ? '' : `const [${constants.map((_, i) => `k${i}`).join(', ')}] = constants`}
    return function row(slot, { index, accumulators, firsts, firstRows }) {
      return { ${before}${members.join(', ')} }
    }`
  return new FunctionConstructor('constants', text)(constants)
}

export type GroupRow = (slot: number, slots: GroupSlots) => Row

/** A name in an object literal; `__proto__` is a property like any other only when it is computed. */
function name(as: string): string {
  return as === '__proto__' ? '["__proto__"]' : JSON.stringify(as)
}

function guarded(filter: unknown, call: number): string {
  return filter === undefined ? '' : `!p${call} ? undefined : `
}
