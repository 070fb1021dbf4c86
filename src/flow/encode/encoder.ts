import type { Batch } from '#src/operators/operator.ts'
import type { OutputColumn } from '#src/plan/plan.ts'
import type { ChunkWriter } from './chunk-writer.ts'

/** What a rule emits, as payloads for one action. Made once per action and flow. */
export interface Encoder {
  /**
   * Writes a batch as payload frames into `out`. Batches of a rule with `emitsBatches` are one emission each, others
   * hold one emission per row; an emission is one payload, or with `sendSingle` one payload per row. An emission of no
   * rows is `[]`, nothing with `omitIfEmpty`, and nothing where the format has no word for it.
   */
  encode(batch: Batch, out: ChunkWriter): void
}

/** What encoders must know of the rule, from its plan. */
export interface EncoderContext {
  readonly output: readonly OutputColumn[] | undefined
  /** Columns of the rows that are not for the sinks. */
  readonly hidden: readonly string[]
  readonly emitsBatches: boolean
  readonly sendNilField: boolean
  /** An explicit null is written also without `sendNilField`, where only the rows know their columns. */
  readonly keepsNull?: boolean | undefined
  readonly timeZone: string
  /** A row that cannot be encoded: it is left out. */
  rowError(error: unknown, time: number): void
}
