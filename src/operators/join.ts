import { type Absorber, isAbsorber } from './absorber.ts'
import type { Predicate, Value } from './compiled.ts'
import { type JoinKey, JoinSide, joinKey } from './join-side.ts'
import { pairer, pairWriter, splitter } from './keyed-row.ts'
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
  readonly writePair: (made: Row, left: Row, right: Row) => void
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
  readonly #split: (rows: readonly Row[]) => readonly Row[][]
  #output: Output = unlinked
  /** The output, where it takes pairs without keeping their rows: then these are never built. */
  #absorber: Absorber | undefined

  constructor(id: OperatorId, options: JoinOptions, context: OperatorContext) {
    this.id = id
    this.#options = options
    this.#context = context
    const { names, hidden } = options
    this.#split = splitter(names)
    this.#nobody = Object.fromEntries(names.map((name) => [name, null]))
    this.#steps = options.steps.map((step) => ({
      ...step,
      leftKey: joinKey(step.left),
      rightKey: joinKey(step.right),
      pair: pairer(names, step.source, hidden),
      writePair: pairWriter(names, step.source),
    }))
  }

  link(output: Output): void {
    this.#output = output
    this.#absorber = isAbsorber(output) ? output : undefined
  }

  push(batch: Batch): void {
    if (batch.empty !== undefined) return
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
    const { first, table, hidden, names } = this.#options
    const lists = this.#split(batch)
    const rowsOf = (name: string, own: TableRows | undefined) =>
      own?.rows() ?? lists[names.indexOf(name)] ?? []
    const emission = { time, bounds: boundsOf(batch[0] as Row, hidden), rowsOf }
    let rows = rowsOf(first, table)
    const last = this.#absorber === undefined ? undefined : this.#steps.at(-1)
    for (const step of this.#steps) {
      if (step === last) {
        this.#absorb(step, rows, emission)
        return
      }
      const made: Row[] = []
      this.#step(step, rows, emission, {
        pair: step.pair,
        keep: (row) => made.push(row),
      })
      rows = made
    }
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    const times: number[] = new Array(rows.length)
    times.fill(time)
    this.#output.push({ rows, times })
  }

  /** The last step: each pair is written into one row, from which the next operator takes what it needs. */
  #absorb(step: Step, left: readonly Row[], emission: Emission): void {
    const absorber = this.#absorber
    if (absorber === undefined) return
    const { time, bounds } = emission
    const { metrics } = this.#context
    const scratch: Row = { ...this.#nobody, ...bounds }
    const { writePair } = step
    this.#step(step, left, emission, {
      pair: (row, partner) => {
        writePair(scratch, row, partner)
        return scratch
      },
      keep: (row) => {
        metrics.recordsOut++
        absorber.absorb(row, time)
      },
    })
    absorber.settle()
  }

  #step(step: Step, left: readonly Row[], emission: Emission, { pair, keep }: Pairs): void {
    const { time, bounds } = emission
    const side = this.#side(step, emission)
    const { join, leftKey, rest } = step
    const keepsLeft = join === 'left' || join === 'full'
    const keepsRight = join === 'right' || join === 'full'
    const partners = keepsRight ? new Uint8Array(side.rows.length) : undefined
    for (let i = 0; i < left.length; i++) {
      const row = left[i] as Row
      let found = false
      try {
        for (let at = side.first(leftKey(row)); at !== -1; at = side.next(at)) {
          const paired = pair(row, side.rows[at] as Row)
          if (rest !== undefined && rest(paired) !== true) continue
          found = true
          if (partners !== undefined) partners[at] = 1
          keep(paired)
        }
      } catch (error) {
        this.#context.rowError(error, time)
        continue
      }
      if (keepsLeft && !found) keep(row)
    }
    if (partners === undefined) return
    const nobody = { ...this.#nobody, ...bounds }
    for (let at = 0; at < partners.length; at++) {
      if (partners[at] === 0) keep(pair(nobody, side.rows[at] as Row))
    }
  }

  #side(step: Step, { time, rowsOf }: Emission): JoinSide {
    const { table, source, rightKey } = step
    const failed = (error: unknown) => this.#context.rowError(error, time)
    if (table === undefined) return new JoinSide(rowsOf(source, undefined), rightKey, failed)
    if (step.kept?.version !== table.version) {
      step.kept = { version: table.version, side: new JoinSide(table.rows(), rightKey, failed) }
    }
    return step.kept.side
  }
}

/** One emission on its way through the steps. */
interface Emission {
  readonly time: number
  readonly bounds: Row
  rowsOf(source: string, table: TableRows | undefined): readonly Row[]
}

/** How a step makes its rows, and where they go. */
interface Pairs {
  readonly pair: (left: Row, right: Row) => Row
  readonly keep: (row: Row) => void
}

function boundsOf(row: Row, hidden: readonly string[]): Row {
  return Object.fromEntries(hidden.map((name) => [name, row[name]]))
}
