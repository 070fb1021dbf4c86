import type { Row } from '#src/operators/operator.ts'

/** What windows hold that are open at the same time, by slot: one per key of a session or state window. */
export interface Contents {
  /** Rows are kept as they are; else `add` takes what it needs of them at once. */
  readonly keepsRows: boolean
  /** As of an operator. @default 1 */
  readonly stateVersion?: number | undefined
  /** Takes a row into the window in `slot`. Throws what its expressions throw, and then nothing has changed. */
  add(slot: number, isNew: boolean, row: Row): void
  /**
   * What a window emits, and forgets.
   * @param failed told of each group whose result could not be made
   */
  take(slot: number, range: Range, failed: (error: unknown) => void): readonly Row[]
  /** What the window in one slot holds stands in another, in which there is none. */
  move(from: number, to: number): void
  /** Only those slots are in use, and numbered anew in this order. */
  renumber(slots: readonly number[]): void
  /** Called when all slots are in use. */
  snapshot(): unknown
  restore(state: unknown): void
}

export interface Range {
  readonly start: number
  readonly end: number
}
