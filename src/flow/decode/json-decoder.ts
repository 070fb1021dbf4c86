import type { Buffer } from 'node:buffer'
import type { Row } from '#src/operators/operator.ts'
import { parseJson, utf8Text } from './bytes.ts'
import { DECODED_ONE, type Decoded } from './decoder.ts'
import { parseExact } from './exact.ts'
import { LearnedShapes } from './learned-shapes.ts'
import type { RowLayout } from './row-layout.ts'
import type { RowSlot } from './row-slot.ts'

/**
 * JSON payloads into a slot. Accepts what JSON.parse accepts, with the same values. Where columns are known, payloads of
 * a shape that was met before are read by code generated for it; all else, and all refusing, is left to JSON.parse.
 */
export class JsonDecoder {
  readonly #slot: RowSlot
  readonly #row: Row
  readonly #shapes: LearnedShapes | undefined
  readonly #parse: (text: string) => unknown

  constructor(layout: RowLayout, slot: RowSlot) {
    this.#slot = slot
    this.#row = slot.row
    this.#shapes = layout.columns && new LearnedShapes(layout.columns, layout.isExact)
    this.#parse = layout.isExact ? parseExact : parseJson
  }

  decode(bytes: Buffer, view: DataView, start: number, end: number): Decoded {
    const shapes = this.#shapes
    if (shapes !== undefined) {
      try {
        if (shapes.read(bytes, view, start, end, this.#row)) return DECODED_ONE
      } catch {
        // A conversion refused a value. Its key may come again, or the payload be broken: the whole of it decides.
      }
    }
    return this.#parseWhole(bytes, view, start, end)
  }

  #parseWhole(bytes: Buffer, view: DataView, start: number, end: number): Decoded {
    let value: unknown
    try {
      value = this.#parse(utf8Text(bytes, start, end))
    } catch (error) {
      return this.#slot.fail(`payload is not JSON: ${reason(error)}`)
    }
    const decoded = this.#slot.accept(value)
    if (decoded === DECODED_ONE) this.#shapes?.missed(bytes, view, start, end)
    return decoded
  }
}

/** What JSON.parse says quotes the payload, shortened by V8. */
function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
