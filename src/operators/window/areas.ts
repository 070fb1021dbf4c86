import type { Layout } from '#src/operators/layout.ts'

/** Accumulators of the calls that are joined, by position. */
export interface Area {
  /** The lanes of position 0, then those of position 1, … */
  numbers: Float64Array
  /** Of calls without lanes: by call, then by position. */
  readonly boxed: unknown[][]
}

/** What areas are laid out by. */
export interface AreaCode {
  readonly functions: { readonly layout: Layout }
  /** How many calls there are. */
  readonly calls: number
}

/** Accumulators for so many positions. */
export function areaOf({ functions, calls }: AreaCode, positions: number): Area {
  return {
    numbers: new Float64Array(positions * functions.layout.width),
    boxed: Array.from({ length: calls }, () => []),
  }
}

/** Makes room for so many positions. */
export function reach(area: Area, { functions }: AreaCode, positions: number): void {
  const needed = positions * functions.layout.width
  if (needed <= area.numbers.length) return
  const bigger = new Float64Array(Math.max(needed, 2 * area.numbers.length))
  bigger.set(area.numbers)
  area.numbers = bigger
}

/** Forgets `gone` positions from `first` on; those up to `end` move there. */
export function cut(
  { numbers, boxed }: Area,
  { functions }: AreaCode,
  { first, gone, end }: { readonly first: number; readonly gone: number; readonly end: number },
): void {
  const { width } = functions.layout
  numbers.copyWithin(first * width, (first + gone) * width, end * width)
  for (const column of boxed) if (column.length > 0) column.splice(first, gone)
}
