import type { LaneText } from '#src/functions/declaration.ts'

/** What is kept of each slot for a call: an accumulator, or a state. */
export interface Cell {
  init(): unknown
  /** How it is kept as numbers, as long as it meets nothing else; see `Lanes`. */
  readonly lanes?: CellLanes | undefined
}

export interface CellLanes {
  readonly init: readonly number[]
  unpack(lanes: readonly number[]): unknown
  pack(cell: unknown): readonly number[] | undefined
}

/** Which cells are kept as numbers side by side, and where. */
export interface Layout {
  /** By cell, its first lane; -1: it is kept as it is. */
  readonly offsets: readonly number[]
  /** How many numbers a slot has. */
  readonly width: number
  readonly init: readonly number[]
}

/** Cells as generated code sees them. */
export interface CellSlots {
  /** By cell, then by slot. */
  readonly boxed: readonly unknown[][]
  /** The lanes of slot 0, then those of slot 1, … */
  readonly numbers: Float64Array
  /** Those cells have no lanes any more. */
  box(cells: readonly number[]): false
}

/** @param boxed the cells that met other values than numbers */
export function layoutOf(cells: readonly Cell[], boxed: ReadonlySet<number>): Layout {
  const init: number[] = []
  const offsets = cells.map(({ lanes }, i) => {
    if (lanes === undefined) return -1
    const offset = init.length
    // Where it was stays free, so that the others stay where they are.
    init.push(...lanes.init)
    return boxed.has(i) ? -1 : offset
  })
  return { offsets, width: init.length, init }
}

/** Lanes from `offset` on of the slot whose numbers start at `base`. */
export function laneReader(offset: number): LaneText {
  return (lane) => `numbers[base + ${offset + lane}]`
}

/** The condition under which a value fits no lane. */
export function isMisfit(value: string): string {
  return `${value} !== null && ${value} !== undefined && (typeof ${value} !== 'number' || ${value} !== ${value})`
}
