import type { Analyst } from '#src/functions/declaration.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { Absorber } from './absorber.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { Predicate, Value } from './compiled.ts'
import { KeyIndex } from './key-index.ts'
import {
  type Batch,
  type OperatorContext,
  type OperatorId,
  type Output,
  type Row,
  unlinked,
} from './operator.ts'

/** A call of an analytic function, compiled. */
export interface AnalyticColumn {
  readonly analyst: Analyst<unknown>
  readonly args: readonly Value[]
  readonly partition: readonly Value[]
  readonly when?: Predicate | undefined
  readonly as: string
  /** Under which its state is kept; the same after a change of the rule when the call is the same. */
  readonly name: string
}

/** Evaluates analytic functions (lag, acc_sum, …) in stream order: one state per call and partition. */
export class Analytic implements Absorber {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #calls: readonly CallState[]
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, columns: readonly AnalyticColumn[], context: OperatorContext) {
    this.id = id
    this.#context = context
    this.#calls = columns.map((column) => new CallState(column))
  }

  link(output: Output): void {
    this.#output = output
  }

  push({ rows, times }: Batch): void {
    for (let i = 0; i < rows.length; i++) this.absorb(rows[i] as Row, times[i] as number)
    this.settle()
  }

  absorb(row: Row, time: number): void {
    this.#context.metrics.recordsIn++
    try {
      this.#made.add(this.#evaluate(row), time)
    } catch (error) {
      this.settle()
      this.#context.rowError(error, time)
    }
  }

  settle(): void {
    this.#context.metrics.recordsOut += this.#made.flush(this.#output)
  }

  advance(time: number): void {
    this.#output.advance(time)
  }

  wakeAt(): number {
    return Number.POSITIVE_INFINITY
  }

  snapshot(): unknown {
    return this.#calls.map((call) => call.snapshot())
  }

  /** Calls find their state by name; one that is new starts anew. */
  restore(state: unknown): void {
    const saved = state as ReturnType<CallState['snapshot']>[] // what snapshot made
    for (const call of this.#calls) {
      const own = saved.find(({ name }) => name === call.name)
      if (own !== undefined) call.restore(own)
    }
  }

  #evaluate(row: Row): Row {
    const made: Row = { ...row }
    for (const call of this.#calls) made[call.as] = call.evaluate(row)
    return made
  }
}

class CallState {
  readonly name: string
  readonly as: string
  readonly #column: AnalyticColumn
  readonly #index: KeyIndex
  readonly #key: unknown[]
  #states: unknown[] = []

  constructor(column: AnalyticColumn) {
    this.name = column.name
    this.as = column.as
    this.#column = column
    this.#index = new KeyIndex(column.partition.length)
    this.#key = column.partition.map(() => null)
  }

  evaluate(row: Row): unknown {
    const { analyst, args, partition, when } = this.#column
    for (let i = 0; i < partition.length; i++) this.#key[i] = (partition[i] as Value)(row)
    const takes = when === undefined || when(row) === true
    const values = takes ? args.map((value) => value(row)) : []
    const known = this.#index.size
    const slot = this.#index.slot(this.#key)
    if (slot === known) this.#states[slot] = analyst.init()
    const state = this.#states[slot]
    return takes ? analyst.step(state, ...values) : analyst.peek(state)
  }

  snapshot() {
    return { name: this.name, keys: this.#index.snapshot(), states: packColumn(this.#states) }
  }

  restore(saved: ReturnType<CallState['snapshot']>): void {
    this.#index.restore(saved.keys)
    this.#states = unpackColumn(saved.states)
  }
}
