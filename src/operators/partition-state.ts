import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Analyst } from '#src/functions/declaration.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { Predicate, Value } from './compiled.ts'
import { KeyIndex } from './key-index.ts'
import type { Row } from './operator.ts'
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
  /** Calls with one such name are partitioned alike. */
  readonly partitionName: string
}

export interface SavedPartition {
  readonly name: string
  readonly keys: unknown
  readonly calls: readonly { readonly name: string; readonly states: unknown }[]
  readonly seen: unknown
}

type Step = (row: Row, slot: number, states: readonly unknown[][], made: Row) => void

/** The states of the calls that are partitioned alike: keys are looked up once for all of them. */
export class PartitionState {
  readonly name: string
  readonly #columns: readonly AnalyticColumn[]
  readonly #keys: readonly Value[]
  readonly #index: KeyIndex
  readonly #key: unknown[]
  readonly #expiry: PartitionExpiry | undefined
  readonly #step: Step
  /** By call, then by slot; missing where the call has seen nothing. */
  readonly #states: unknown[][]

  constructor(columns: readonly AnalyticColumn[], expiryMs: number) {
    const [first] = columns
    this.name = first?.partitionName ?? ''
    this.#columns = columns
    this.#keys = first?.partition ?? []
    this.#index = new KeyIndex(this.#keys.length)
    this.#key = this.#keys.map(() => null)
    this.#expiry = expiryMs > 0 ? new PartitionExpiry(expiryMs) : undefined
    this.#step = stepper(columns)
    this.#states = columns.map(() => [])
  }

  /** Writes the value of each call into `made`. */
  evaluate(row: Row, time: number, made: Row): void {
    const expiry = this.#expiry
    const slot = expiry === undefined ? this.#slot(row) : this.#kept(expiry, row, time)
    this.#step(row, slot, this.#states, made)
  }

  snapshot(): SavedPartition {
    return {
      name: this.name,
      keys: this.#index.snapshot(),
      calls: this.#columns.map(({ name }, i) => {
        const size = this.#index.size
        const states = Array.from({ length: size }, (_, slot) => this.#states[i]?.[slot])
        return { name, states: packColumn(states) }
      }),
      seen: this.#expiry?.snapshot(),
    }
  }

  restore({ keys, calls, seen }: SavedPartition): void {
    this.#index.restore(keys)
    for (const [i, { name }] of this.#columns.entries()) {
      const own = calls.find((call) => call.name === name)
      if (own !== undefined) this.#states[i] = unpackColumn(own.states)
    }
    if (seen !== undefined) this.#expiry?.restore(seen)
  }

  #slot(row: Row): number {
    const keys = this.#keys
    if (keys.length === 1) return this.#index.slotOfOne((keys[0] as Value)(row))
    for (let i = 0; i < keys.length; i++) this.#key[i] = (keys[i] as Value)(row)
    return this.#index.slot(this.#key)
  }

  /** The slot of the row's partition when those are gone that had no row for too long. */
  #kept(expiry: PartitionExpiry, row: Row, time: number): number {
    const size = this.#index.size
    if (expiry.isDue(time)) this.#forget(expiry.take(time), size)
    const slot = this.#slot(row)
    if (expiry.touch(slot, time)) for (const states of this.#states) states[slot] = undefined
    return slot
  }

  /** Builds the index anew with the partitions that are left. */
  #forget(kept: readonly number[], size: number): void {
    if (kept.length === size) return
    const keys = kept.map((slot) => this.#keys.map((_, i) => this.#index.value(slot, i)))
    for (const [i, states] of this.#states.entries()) {
      this.#states[i] = kept.map((slot) => states[slot])
    }
    this.#index.clear()
    for (const key of keys) this.#index.slot(key)
  }
}

/**
 * Generated code that takes a row into the states of all calls, each in lines of its own: so every call site sees one
 * function. Nothing of a statement gets into it but the names of hidden columns, as JSON literals.
 */
function stepper(columns: readonly AnalyticColumn[]): Step {
  const constants: unknown[] = []
  const constant = (value: unknown) => `k${constants.push(value) - 1}`
  /** All arguments first: a row of which one fails touches no state. */
  const before: string[] = []
  const lines = columns.map(({ analyst, args, when, as }, i) => {
    const own = constant(analyst)
    if (when !== undefined) before.push(`const w${i} = ${constant(when)}(row) === true`)
    const values = args.map((value, j) => {
      const read = `${constant(value)}(row)`
      before.push(`const a${i}_${j} = ${when === undefined ? read : `w${i} ? ${read} : null`}`)
      return `a${i}_${j}`
    })
    const step = `${own}.step(${['state', ...values].join(', ')})`
    const value = when === undefined ? step : `w${i} ? ${step} : ${own}.peek(state)`
    return `state = states[${i}][slot]
    if (state === undefined) states[${i}][slot] = state = ${own}.init()
    made[${JSON.stringify(as)}] = ${value}`
  })
  const names = constants.map((_, i) => `k${i}`).join(', ')
  const body = `const [${names}] = constants
  return (row, slot, states, made) => {
    ${before.join('\n    ')}
    let state
    ${lines.join('\n    ')}
  }`
  return new FunctionConstructor('constants', body)(constants)
}
