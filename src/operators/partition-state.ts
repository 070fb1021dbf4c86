import { Cells } from './cells.ts'
import type { Value } from './compiled.ts'
import { KeyIndex } from './key-index.ts'
import type { Row } from './operator.ts'
import {
  type AnalyticColumn,
  type PartitionFunctions,
  partitionFunctions,
} from './partition-code.ts'
import { PartitionExpiry } from './partition-expiry.ts'

export interface SavedPartition {
  readonly name: string
  readonly keys: unknown
  readonly calls: readonly { readonly name: string; readonly states: unknown }[]
  readonly seen: unknown
}

/** The states of the calls that are partitioned alike: keys are looked up once for all of them. */
export class PartitionState {
  readonly name: string
  readonly #columns: readonly AnalyticColumn[]
  readonly #keys: readonly Value[]
  readonly #index: KeyIndex
  readonly #key: unknown[]
  readonly #expiry: PartitionExpiry | undefined
  readonly #states: Cells<PartitionFunctions>

  constructor(columns: readonly AnalyticColumn[], expiryMs: number) {
    const [first] = columns
    this.name = first?.partitionName ?? ''
    this.#columns = columns
    this.#keys = first?.partition ?? []
    this.#index = new KeyIndex(this.#keys.length)
    this.#key = this.#keys.map(() => null)
    this.#expiry = expiryMs > 0 ? new PartitionExpiry(expiryMs) : undefined
    const analysts = columns.map(({ analyst }) => analyst)
    this.#states = new Cells(analysts, (boxed) => partitionFunctions(columns, boxed))
  }

  /** Writes the value of each call into `made`. */
  evaluate(row: Row, time: number, made: Row): void {
    const expiry = this.#expiry
    const slot = expiry === undefined ? this.#slot(row) : this.#kept(expiry, row, time)
    const states = this.#states
    while (!states.functions.step(row, slot, states, made));
  }

  snapshot(): SavedPartition {
    const states = this.#states.snapshot()
    return {
      name: this.name,
      keys: this.#index.snapshot(),
      calls: this.#columns.map(({ name }, i) => ({ name, states: states[i] })),
      seen: this.#expiry?.snapshot(),
    }
  }

  /** A call that the saved state does not know starts anew. */
  restore({ keys, calls, seen }: SavedPartition): void {
    this.#index.restore(keys)
    const states = this.#columns.map(({ name }) => calls.find((call) => call.name === name)?.states)
    this.#states.restore(states, this.#index.size)
    if (seen !== undefined) this.#expiry?.restore(seen)
  }

  #slot(row: Row): number {
    const known = this.#index.size
    const slot = this.#find(row)
    if (slot === known) this.#states.open(slot)
    return slot
  }

  #find(row: Row): number {
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
    if (expiry.touch(slot, time)) this.#states.open(slot)
    return slot
  }

  /** Builds the index anew with the partitions that are left. */
  #forget(kept: readonly number[], size: number): void {
    if (kept.length === size) return
    const keys = kept.map((slot) => this.#keys.map((_, i) => this.#index.value(slot, i)))
    this.#states.renumber(kept)
    this.#index.clear()
    for (const key of keys) this.#index.slot(key)
  }
}
