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
import { PartitionExpiry } from './partition-expiry.ts'

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

export interface AnalyticOptions {
  readonly columns: readonly AnalyticColumn[]
  /** A partition that had no row for so long, by the rows' times, is forgotten; 0: never. */
  readonly expiryMs: number
}

/** Evaluates analytic functions (lag, acc_sum, …) in stream order: one state per call and partition. */
export class Analytic implements Absorber {
  readonly id: OperatorId
  readonly #context: OperatorContext
  readonly #calls: readonly CallState[]
  readonly #made = new BatchBuilder()
  #output: Output = unlinked

  constructor(id: OperatorId, { columns, expiryMs }: AnalyticOptions, context: OperatorContext) {
    this.id = id
    this.#context = context
    this.#calls = columns.map((column) => new CallState(column, expiryMs))
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
      this.#made.add(this.#evaluate(row, time), time)
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

  #evaluate(row: Row, time: number): Row {
    const made: Row = { ...row }
    for (const call of this.#calls) made[call.as] = call.evaluate(row, time)
    return made
  }
}

class CallState {
  readonly name: string
  readonly as: string
  readonly #column: AnalyticColumn
  readonly #index: KeyIndex
  readonly #key: unknown[]
  readonly #expiry: PartitionExpiry | undefined
  #states: unknown[] = []

  constructor(column: AnalyticColumn, expiryMs: number) {
    this.name = column.name
    this.as = column.as
    this.#column = column
    this.#index = new KeyIndex(column.partition.length)
    this.#key = column.partition.map(() => null)
    this.#expiry = expiryMs > 0 ? new PartitionExpiry(expiryMs) : undefined
  }

  evaluate(row: Row, time: number): unknown {
    const { analyst, args, partition, when } = this.#column
    for (let i = 0; i < partition.length; i++) this.#key[i] = (partition[i] as Value)(row)
    const takes = when === undefined || when(row) === true
    const values = takes ? args.map((value) => value(row)) : []
    if (this.#expiry?.isDue(time) === true) this.#forget(this.#expiry.take(time))
    const known = this.#index.size
    const slot = this.#index.slot(this.#key)
    const isOld = this.#expiry?.touch(slot, time) === true
    if (slot === known || isOld) this.#states[slot] = analyst.init()
    const state = this.#states[slot]
    return takes ? analyst.step(state, ...values) : analyst.peek(state)
  }

  snapshot() {
    return {
      name: this.name,
      keys: this.#index.snapshot(),
      states: packColumn(this.#states),
      seen: this.#expiry?.snapshot(),
    }
  }

  restore(saved: ReturnType<CallState['snapshot']>): void {
    this.#index.restore(saved.keys)
    this.#states = unpackColumn(saved.states)
    if (saved.seen !== undefined) this.#expiry?.restore(saved.seen)
  }

  /** Builds the index anew with the partitions that are left. */
  #forget(kept: readonly number[]): void {
    const width = this.#column.partition.length
    const keys = kept.map((slot) =>
      Array.from({ length: width }, (_, position) => this.#index.value(slot, position)),
    )
    this.#states = kept.map((slot) => this.#states[slot])
    this.#index.clear()
    for (const key of keys) this.#index.slot(key)
  }
}
