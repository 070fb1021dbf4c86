import { aggregateNothing } from './empty-emission.ts'
import type { GroupColumns } from './group-columns.ts'
import { Groups } from './groups.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'
import type { BoundColumns } from './window/bounds.ts'

export interface AggregateOptions {
  readonly columns: GroupColumns
  /** What the window before it wrote into its rows: every group's row gets it too. */
  readonly bounds: BoundColumns
  /** Behind no window: every row is a group of its own. */
  readonly perRow: boolean
}

/** Groups and aggregates each batch that comes out of a window or join; it keeps nothing between two batches. */
export class Aggregate implements Operator {
  readonly id: OperatorId
  readonly #options: AggregateOptions
  readonly #context: OperatorContext
  readonly #groups: Groups
  #output: Output = unlinked

  constructor(id: OperatorId, options: AggregateOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    this.#groups = new Groups(options.columns)
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    this.#context.metrics.recordsIn += batch.rows.length
    const { columns, perRow } = this.#options
    if (batch.empty !== undefined) this.#send(aggregateNothing(columns, batch.empty, this.#context))
    else if (perRow) this.#eachRow(batch)
    else this.#whole(batch)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): undefined {}

  restore(): void {}

  #whole({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.#add(rows[i] as Row, times[i] as number)
    const made = this.#take(rows[0] as Row, times[times.length - 1] as number)
    if (made.rows.length > 0) this.#send(made)
  }

  #eachRow({ rows, times }: Batch): void {
    let out: { rows: Row[]; times: number[] } = { rows: [], times: [] }
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const time = times[i] as number
      try {
        this.#groups.add(row)
        const made = this.#take(row, time)
        out.rows.push(...made.rows)
        out.times.push(...made.times)
      } catch (error) {
        this.#groups.clear()
        if (out.rows.length > 0) this.#send(out)
        out = { rows: [], times: [] }
        this.#context.rowError(error, time)
      }
    }
    if (out.rows.length > 0) this.#send(out)
  }

  #add(row: Row, time: number): void {
    try {
      this.#groups.add(row)
    } catch (error) {
      this.#context.rowError(error, time)
    }
  }

  /** The groups' rows, and none left behind. */
  #take(first: Row, time: number): Batch {
    const { bounds, perRow } = this.#options
    const rows = this.#groups.rows(
      (row) => {
        for (const name of bounds) if (name in first) row[name] = first[name]
      },
      (error) => {
        if (perRow) throw error
        this.#context.rowError(error, time)
      },
    )
    this.#groups.clear()
    return { rows, times: rows.map(() => time) }
  }

  #send(batch: Batch | undefined): void {
    if (batch === undefined) return
    this.#context.metrics.recordsOut += batch.rows.length
    this.#output.push(batch)
  }
}
