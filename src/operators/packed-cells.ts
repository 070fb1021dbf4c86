import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { CellLanes } from './layout.ts'

/** What calls keep, as a column: as numbers where all of it is numbers, which takes a fraction of the time. */
interface Packed {
  readonly lanes?: Float64Array | undefined
  readonly cells?: unknown
}

export function packCells(cells: readonly unknown[], lanes: CellLanes | undefined): unknown {
  const numbers = lanes && laneNumbers(cells, lanes)
  return (
    numbers === undefined ? { cells: packColumn(cells) } : { lanes: numbers }
  ) satisfies Packed
}

export function unpackCells(state: unknown, lanes: CellLanes | undefined): unknown[] {
  const { lanes: numbers, cells } = state as Packed // what packCells made
  if (numbers === undefined || lanes === undefined) return unpackColumn(cells)
  const count = lanes.init.length
  const made: unknown[] = []
  for (let at = 0; at < numbers.length; at += count) {
    const own: number[] = []
    for (let i = 0; i < count; i++) own.push(numbers[at + i] as number)
    made.push(lanes.unpack(own))
  }
  return made
}

/** The lanes of the first cell, then those of the next one, …; `undefined`: one of them is not of numbers. */
export function laneNumbers(cells: readonly unknown[], lanes: CellLanes): Float64Array | undefined {
  const count = lanes.init.length
  const made = new Float64Array(cells.length * count)
  let at = 0
  for (const cell of cells) {
    const numbers = lanes.pack(cell)
    if (numbers === undefined) return undefined
    for (let i = 0; i < count; i++) made[at++] = numbers[i] as number
  }
  return made
}
