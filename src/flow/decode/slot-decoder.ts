import type { Row } from '#src/operators/operator.ts'
import type { Decoded, Decoder } from './decoder.ts'
import type { RowLayout } from './row-layout.ts'
import { RowSlot } from './row-slot.ts'

/** A decoder that leaves what it read in a slot. */
export abstract class SlotDecoder implements Decoder {
  protected readonly slot: RowSlot

  constructor(layout: RowLayout) {
    this.slot = new RowSlot(layout)
  }

  get row(): Row {
    return this.slot.row
  }

  get rows(): readonly Row[] {
    return this.slot.rows
  }

  get error(): string {
    return this.slot.error
  }

  take(): Row {
    return this.slot.take()
  }

  abstract decode(bytes: Buffer, view: DataView, start: number, end: number, flags: number): Decoded
}
