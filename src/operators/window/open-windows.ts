import type { Value } from '#src/operators/compiled.ts'
import { KeyIndex } from '#src/operators/key-index.ts'
import { type OperatorContext, type Output, type Row, unlinked } from '#src/operators/operator.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import type { Contents } from './contents.ts'

export interface OpenWindowsOptions {
  /** One window per key at a time; empty: one for the statement. */
  readonly partition: readonly Value[]
  readonly contents: Contents
}

/** Which windows are open, one at most per key of OVER(PARTITION BY …), since when, and what they hold. */
export class OpenWindows {
  readonly #partition: readonly Value[]
  readonly #contents: Contents
  readonly #context: OperatorContext
  readonly #only: Value | undefined
  #index: KeyIndex
  /** When its first row came, by slot; NaN where none is open. */
  #starts: number[] = []
  #count = 0
  #output: Output = unlinked

  constructor({ partition, contents }: OpenWindowsOptions, context: OperatorContext) {
    this.#partition = partition
    this.#contents = contents
    this.#context = context
    this.#only = partition.length === 1 ? partition[0] : undefined
    this.#index = new KeyIndex(partition.length)
  }

  link(output: Output): void {
    this.#output = output
  }

  get size(): number {
    return this.#count
  }

  /** Most slots are of windows that were closed. */
  get isSparse(): boolean {
    const closed = this.#index.size - this.#count
    return closed > 256 && closed > this.#count
  }

  /** No slot is of a window that was closed. */
  get isDense(): boolean {
    return this.#index.size === this.#count
  }

  /** A slot that no key has. */
  get spare(): number {
    return this.#index.size
  }

  /** The slot of the row's key. Throws what its expressions throw. */
  slotOf(row: Row): number {
    const only = this.#only
    if (only !== undefined) return this.#index.slotOfOne(only(row))
    return this.#index.slot(this.#partition.map((value) => value(row)))
  }

  isOpen(slot: number): boolean {
    const start = this.#starts[slot]
    return start !== undefined && !Number.isNaN(start)
  }

  startOf(slot: number): number {
    return this.#starts[slot] as number // asked of windows that are open
  }

  open(slot: number, time: number): void {
    while (this.#starts.length < slot) this.#starts.push(Number.NaN)
    this.#starts[slot] = time
    this.#count++
  }

  /** A window ends: what it held goes on. */
  close(slot: number, end: number): void {
    const start = this.startOf(slot)
    const rows = this.#contents.take(slot, { start, end }, (error) => {
      this.#context.rowError(error, end)
    })
    this.#starts[slot] = Number.NaN
    this.#count--
    if (rows.length === 0) return
    this.#context.metrics.recordsOut += rows.length
    this.#output.push({ rows, times: rows.map(() => end) })
  }

  /** Forgets the keys without a window. @returns the slots that are left, in the order in which they are numbered anew */
  compact(): readonly number[] {
    const index = new KeyIndex(this.#partition.length)
    const slots: number[] = []
    for (let slot = 0; slot < this.#starts.length; slot++) {
      if (!this.isOpen(slot)) continue
      slots.push(slot)
      index.slot(this.#partition.map((_, i) => this.#index.value(slot, i)))
    }
    this.#index = index
    this.#starts = slots.map((slot) => this.#starts[slot] as number)
    this.#contents.renumber(slots)
    return slots
  }

  /** The keys and when their windows began; the contents have a snapshot of their own. Called when all slots are in use. */
  snapshot(): unknown {
    return { keys: this.#index.snapshot(), starts: packColumn(this.#starts) }
  }

  restore(state: unknown): void {
    const { keys, starts } = state as { keys: unknown; starts: unknown } // what snapshot made
    this.#index.restore(keys)
    this.#starts = unpackColumn(starts) as number[]
    this.#count = this.#starts.length
  }
}
