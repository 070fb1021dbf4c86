/** Rows of a group, as columns of what a window needs of them. */
export interface Segment {
  /** How many rows there are; the columns may have more room. */
  count: number
  readonly times: number[]
  /** Numbers the rows of all groups. */
  readonly sequences: number[]
  readonly columns: unknown[][]
}

/** Where rows are added. */
export interface Growing {
  /** Where the next row goes; called once for each. */
  grow(): Segment
}

/** Who takes rows. */
export interface Taker {
  find(key: readonly unknown[]): Growing
  /** Those calls have no lanes any more. */
  box(calls: readonly number[]): false
}

/** @param width how many columns rows have */
export function noRows(width: number): Segment {
  return {
    count: 0,
    times: empty(),
    sequences: empty(),
    columns: Array.from({ length: width }, empty),
  }
}

/** An array that holds numbers unboxed from its first element on; V8 would have to learn it of each anew. */
function empty(): number[] {
  const made = [0.5]
  made.length = 0
  return made
}

/** A segment with room for all of its rows, of columns like those of the one before. */
export function roomLike({ times, sequences, columns }: Segment, rows: number): Segment {
  return {
    count: 0,
    times: room(times, rows) as number[],
    sequences: sequences.length === 0 ? [] : (room(sequences, rows) as number[]),
    columns: columns.map((column) => room(column, rows)),
  }
}

function room(column: readonly unknown[], rows: number): unknown[] {
  if (typeof column[0] !== 'number') return new Array(rows)
  const made = empty()
  for (let i = 0; i < rows; i++) made.push(0.5)
  return made
}
