import { aggregateNothing } from '#src/operators/empty-emission.ts'
import type { GroupColumns } from '#src/operators/group-columns.ts'
import type { Groups } from '#src/operators/groups.ts'
import {
  type Batch,
  type OperatorContext,
  type Output,
  type Row,
  unlinked,
} from '#src/operators/operator.ts'
import { type BoundColumns, boundsOf, writeBounds } from './bounds.ts'
import type { Range } from './contents.ts'

/** What a window over groups gives: a row for each of them, with the window's range, at its end. */
export class GroupEmissions {
  readonly #columns: GroupColumns
  readonly #bounds: BoundColumns
  readonly #context: OperatorContext
  #output: Output = unlinked

  constructor(
    { columns, bounds }: { readonly columns: GroupColumns; readonly bounds: BoundColumns },
    context: OperatorContext,
  ) {
    this.#columns = columns
    this.#bounds = bounds
    this.#context = context
  }

  link(output: Output): void {
    this.#output = output
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  /** Nobody has them yet: the groups may be cleared before they are sent. */
  rowsOf(groups: Pick<Groups, 'rows'>, { start, end }: Range): readonly Row[] {
    return groups.rows(
      (row) => writeBounds(row, this.#bounds, start, end),
      (error) => this.#context.rowError(error, end),
    )
  }

  send(rows: readonly Row[], end: number): void {
    if (rows.length > 0) this.#push({ rows, times: rows.map(() => end) })
  }

  /** For a window in which no row came. */
  sendNothing({ start, end }: Range): void {
    const empty = { time: end, bounds: boundsOf(this.#bounds, start, end) }
    const batch = aggregateNothing(this.#columns, empty, this.#context)
    if (batch !== undefined) this.#push(batch)
  }

  #push(batch: Batch): void {
    this.#context.metrics.recordsOut += batch.rows.length
    this.#output.push(batch)
  }
}
