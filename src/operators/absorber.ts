import type { Operator, Output, Row } from './operator.ts'

/**
 * An operator that takes what it needs from a row at once and never keeps the row itself. The source may hand it the
 * decoder's scratch row, so that the row is never built.
 */
export interface Absorber extends Operator {
  /** Takes one row in, in stream order. `row` is only valid during the call; `time` never decreases. */
  absorb(row: Row, time: number): void
  /** The end of a batch of absorbed rows: what was made of them is sent on. */
  settle(): void
}

export function isAbsorber(operator: Output): operator is Absorber {
  return 'absorb' in operator && operator.absorb !== undefined
}
