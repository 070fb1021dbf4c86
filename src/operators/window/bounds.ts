import type { Row } from '#src/operators/operator.ts'

/** The hidden columns in which a window says its range; no column of a stream can be called so. */
const WINDOW_START = 'window_start()'
const WINDOW_END = 'window_end()'
/** When it fired: its end, or the time of the row that completed it. */
const WINDOW_TRIGGER = 'window_trigger()'

/** Those of them that a rule reads. */
export type BoundColumns = readonly string[]

/** What of a plan's hidden columns a window has to fill in. */
export function boundColumns(hidden: readonly string[]): BoundColumns {
  return [WINDOW_START, WINDOW_END, WINDOW_TRIGGER].filter((name) => hidden.includes(name))
}

/** Writes the window's range into a row that nobody else holds. It fires at its end. */
export function writeBounds(row: Row, columns: BoundColumns, start: number, end: number): void {
  for (let i = 0; i < columns.length; i++) {
    row[columns[i] as string] = columns[i] === WINDOW_START ? start : end
  }
}

/** What a window of that range writes into its rows. */
export function boundsOf(columns: BoundColumns, start: number, end: number): Row {
  const bounds: Row = {}
  writeBounds(bounds, columns, start, end)
  return bounds
}

/** Rows that say the window's range: copies, or the rows themselves when the rule does not read it. */
export function withBounds(
  rows: readonly Row[],
  columns: BoundColumns,
  start: number,
  end: number,
): readonly Row[] {
  if (columns.length === 0) return rows
  return rows.map((row) => {
    const copy = { ...row }
    writeBounds(copy, columns, start, end)
    return copy
  })
}
