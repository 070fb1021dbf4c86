import type { CellLanes } from './layout.ts'

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
