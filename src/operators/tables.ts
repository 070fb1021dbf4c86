import { packColumn, unpackColumn } from '#src/state/columns.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

/** The rows of a scan table at this moment, keyed by source like those of streams. */
export interface TableRows {
  /** Grows with every change. */
  readonly version: number
  rows(): readonly Row[]
}

/** The newest rows of one table. */
class Table implements TableRows {
  readonly name: string
  readonly #retain: number
  #rows: Row[] = []
  /** How many at the start are out of the table already. */
  #gone = 0
  version = 0

  constructor(name: string, retain: number) {
    this.name = name
    this.#retain = retain
  }

  add(row: Row): void {
    this.version++
    this.#rows.push(row)
    if (this.#rows.length - this.#gone > this.#retain) this.#gone++
    if (this.#gone > this.#retain) this.#cut()
  }

  rows(): readonly Row[] {
    if (this.#gone > 0) this.#cut()
    return this.#rows
  }

  restore(rows: readonly Row[]): void {
    this.version++
    this.#gone = 0
    this.#rows = rows.slice(-this.#retain)
  }

  #cut(): void {
    this.#rows = this.#rows.slice(this.#gone)
    this.#gone = 0
  }
}

/**
 * Scan tables: takes their rows out of the stream, each at its time, and keeps the newest `RETAIN_SIZE` of them for the join
 * behind it. Windows that end before a row of a table close before it comes in.
 */
export class Tables implements Operator {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #tables: readonly Table[]
  #output: Output = unlinked

  constructor(
    id: OperatorId,
    tables: readonly { readonly name: string; readonly retain: number }[],
    context: OperatorContext,
  ) {
    this.id = id
    this.#context = context
    this.#tables = tables.map(({ name, retain }) => new Table(name, retain))
  }

  table(name: string): TableRows | undefined {
    return this.#tables.find((table) => table.name === name)
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    const { metrics } = this.#context
    metrics.recordsIn += rows.length
    let from = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as Row
      const table = this.#tableOf(row)
      if (table === undefined) continue
      this.#pass(rows, times, from, i)
      from = i + 1
      const time = times[i] as number
      if (time !== Number.NEGATIVE_INFINITY) this.#output.advance(time)
      table.add(row)
    }
    this.#pass(rows, times, from, rows.length)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return this.#tables.map((table) => ({ name: table.name, rows: packColumn([...table.rows()]) }))
  }

  restore(state: unknown): void {
    const saved = state as { name: string; rows: unknown }[] // what snapshot made
    for (const table of this.#tables) {
      const own = saved.find(({ name }) => name === table.name)
      if (own !== undefined) table.restore(unpackColumn(own.rows) as Row[])
    }
  }

  #tableOf(row: Row): Table | undefined {
    for (const table of this.#tables) if (row[table.name] !== null) return table
    return undefined
  }

  #pass(rows: readonly Row[], times: readonly number[], from: number, to: number): void {
    if (from === to) return
    this.#context.metrics.recordsOut += to - from
    const whole = from === 0 && to === rows.length
    this.#output.push(
      whole ? { rows, times } : { rows: rows.slice(from, to), times: times.slice(from, to) },
    )
  }
}
