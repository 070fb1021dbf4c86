import type { Buffer } from 'node:buffer'
import type { SourcePlan } from '#src/plan/plan.ts'
import type { Decoded } from './decoder.ts'
import type { RowSlot } from './row-slot.ts'

/** The column of a schemaless binary stream. */
const SELF = 'self'

/** FORMAT="binary": the bytes as they are, in the one BYTEA column of the schema, else in `self`. */
export class BinaryDecoder {
  readonly #column: string
  readonly #slot: RowSlot

  constructor(source: SourcePlan, slot: RowSlot) {
    this.#column = source.schema?.find(({ dataType }) => dataType.type === 'bytea')?.name ?? SELF
    this.#slot = slot
  }

  decode(bytes: Buffer, _view: DataView, start: number, end: number): Decoded {
    // A copy: a row that is kept would else keep the whole chunk.
    return this.#slot.accept({ [this.#column]: new Uint8Array(bytes.subarray(start, end)) })
  }
}
