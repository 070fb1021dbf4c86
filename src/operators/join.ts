import type { Predicate, Value } from './compiled.ts'
import { type JoinKey, JoinSide, joinKey } from './join-side.ts'
import { pairer } from './keyed-row.ts'
import {
  type Batch,
  type Operator,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'
import type { TableRows } from './tables.ts'

/** One JOIN, compiled. */
export interface JoinStepOptions {
  readonly join: 'inner' | 'left' | 'right' | 'full' | 'cross'
  readonly source: string
  /** A scan table's rows; missing: those of the emission. */
  readonly table?: TableRows | undefined
  readonly left: readonly Value[]
  readonly right: readonly Value[]
  readonly rest?: Predicate | undefined
}

export interface JoinOptions {
  readonly first: string
  /** Set when FROM names a scan table. */
  readonly table?: TableRows | undefined
  readonly steps: readonly JoinStepOptions[]
  /** All sources of the statement. */
  readonly names: readonly string[]
  /** Hidden columns that rows have beside their sources: the bounds of the window. */
  readonly hidden: readonly string[]
  /** False before a window: there every row of a stream is an emission of its own. */
  readonly perBatch: boolean
}

interface Step extends JoinStepOptions {
  readonly leftKey: JoinKey
  readonly rightKey: JoinKey
  readonly pair: (left: Row, right: Row) => Row
  /** The index of a table, while the table is as it was. */
  kept?: { readonly version: number; readonly side: JoinSide } | undefined
}

/**
 * Pairs the rows of each emission: equalities by hash, the rest of ON by trying. Rows come out in the order of the sources
 * on the left, then those of the right that found no partner (RIGHT, FULL).
 */
export class Join implements Operator {
  readonly id: OperatorId
  readonly #options: JoinOptions
  readonly #context: OperatorContext
  readonly #steps: readonly Step[]
  readonly #nobody: Row
  #output: Output = unlinked

  constructor(id: OperatorId, options: JoinOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    const { names, hidden } = options
    this.#nobody = Object.fromEntries(names.map((name) => [name, null]))
    this.#steps = options.steps.map((step) => ({
      ...step,
      leftKey: joinKey(step.left),
      rightKey: joinKey(step.right),
      pair: pairer(names, step.source, hidden),
    }))
  }

  link(output: Output): void {
    this.#output = output
  }

  push(batch: Batch): void {
    this.#context.metrics.recordsIn += batch.rows.length
    if (this.#options.perBatch) {
      this.#emit(batch.rows, batch.times[batch.times.length - 1] as number)
      return
    }
    for (let i = 0; i < batch.rows.length; i++) {
      this.#emit([batch.rows[i] as Row], batch.times[i] as number)
    }
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): undefined {}

  restore(): void {}

  #emit(batch: readonly Row[], time: number): void {
    const { first, table, hidden } = this.#options
    let rows = rowsOf(first, table, batch)
    const bounds = boundsOf(batch[0] as Row, hidden)
    for (const step of this.#steps) rows = this.#step(step, rows, batch, { time, bounds })
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    const times: number[] = new Array(rows.length)
    times.fill(time)
    this.#output.push({ rows, times })
  }

  #step(
    step: Step,
    left: readonly Row[],
    batch: readonly Row[],
    { time, bounds }: { readonly time: number; readonly bounds: Row },
  ): Row[] {
    const side = this.#side(step, batch, time)
    const { join, leftKey, rest, pair } = step
    const made: Row[] = []
    const keepsLeft = join === 'left' || join === 'full'
    const partners =
      join === 'right' || join === 'full' ? new Uint8Array(side.rows.length) : undefined
    for (let i = 0; i < left.length; i++) {
      const row = left[i] as Row
      const before = made.length
      try {
        for (let at = side.first(leftKey(row)); at !== -1; at = side.next(at)) {
          const paired = pair(row, side.rows[at] as Row)
          if (rest !== undefined && rest(paired) !== true) continue
          made.push(paired)
          if (partners !== undefined) partners[at] = 1
        }
      } catch (error) {
        this.#context.rowError(error, time)
        continue
      }
      if (keepsLeft && made.length === before) made.push(row)
    }
    if (partners === undefined) return made
    const nobody = { ...this.#nobody, ...bounds }
    for (let at = 0; at < partners.length; at++) {
      if (partners[at] === 0) made.push(pair(nobody, side.rows[at] as Row))
    }
    return made
  }

  #side(step: Step, batch: readonly Row[], time: number): JoinSide {
    const { table, source, rightKey } = step
    const failed = (error: unknown) => this.#context.rowError(error, time)
    if (table === undefined) return new JoinSide(rowsOf(source, undefined, batch), rightKey, failed)
    if (step.kept?.version !== table.version) {
      step.kept = { version: table.version, side: new JoinSide(table.rows(), rightKey, failed) }
    }
    return step.kept.side
  }
}

function rowsOf(
  source: string,
  table: TableRows | undefined,
  batch: readonly Row[],
): readonly Row[] {
  if (table !== undefined) return table.rows()
  return batch.filter((row) => row[source] !== null)
}

function boundsOf(row: Row, hidden: readonly string[]): Row {
  return Object.fromEntries(hidden.map((name) => [name, row[name]]))
}
