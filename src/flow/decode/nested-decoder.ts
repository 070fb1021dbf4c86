import type { Row } from '#src/operators/operator.ts'
import type { PayloadPlan } from '#src/plan/source-options.ts'
import { DECODED_NONE, DECODED_ONE, type Decoded, type Decoder } from './decoder.ts'
import { NestedFault, type NestedPayload } from './nested-payload.ts'
import { overlay, type RowLayout } from './row-layout.ts'
import { SlotDecoder } from './slot-decoder.ts'

export interface NestedParts {
  readonly payload: PayloadPlan
  /** Reads the field of the payload too. */
  readonly outer: Decoder
  readonly nested: NestedPayload
  /** Of the rows that are made. What is laid together has not seen the checks of the schema yet. */
  readonly layout: RowLayout
  /** `ignoreCase`, for what stands in `batchField`. */
  readonly respelt?: ((value: unknown) => unknown) | undefined
}

/** Decodes payloads in which another payload stands in a field: its values are laid over those beside it. */
export class NestedDecoder extends SlotDecoder {
  readonly #parts: NestedParts
  /** Where columns are known, for rows of the two decoders. */
  readonly #overlay: ((row: Row, over: Row) => Row) | undefined

  constructor(parts: NestedParts) {
    const { layout, payload } = parts
    super(layout)
    this.#parts = parts
    const names = layout.columns?.map(({ name }) => name)
    this.#overlay = names && overlay(names, payload.field)
  }

  override decode(
    bytes: Buffer,
    view: DataView,
    start: number,
    end: number,
    flags: number,
  ): Decoded {
    const { outer } = this.#parts
    const how = outer.decode(bytes, view, start, end, flags)
    if (how === DECODED_NONE) return this.slot.fail(outer.error)
    try {
      if (how !== DECODED_ONE) {
        return this.slot.accept(outer.rows.flatMap((row) => this.#rowsOf(row)))
      }
      const rows = this.#rowsOf(outer.row)
      return this.slot.accept(rows.length === 1 ? rows[0] : rows)
    } catch (error) {
      if (error instanceof NestedFault) return this.slot.fail(error.message)
      throw error
    }
  }

  #rowsOf(row: Row): readonly Row[] {
    const { payload, nested, layout } = this.#parts
    const { field, batchField } = payload
    if (batchField === undefined) {
      const lay = this.#overlay
      return nested.rowsIn(row).map((inner) => {
        return lay?.(row, inner) ?? this.#laid(this.#laid(layout.blank(), row, field), inner)
      })
    }
    let made = this.#laid(layout.blank(), row, batchField)
    for (const element of this.#elements(row, batchField)) {
      made = this.#laid(made, element, field)
      for (const inner of nested.rowsIn(element)) made = this.#laid(made, inner)
    }
    return [made]
  }

  #elements(row: Row, batchField: string): readonly Row[] {
    const value = row[batchField]
    if (!Array.isArray(value) || !value.every(isObject)) {
      throw new NestedFault(`field "${batchField}" is not an array of objects`)
    }
    const { respelt } = this.#parts
    return respelt === undefined ? value : (respelt(value) as readonly Row[])
  }

  /** What one row has lies over the other, but for the field of the payload. */
  #laid(row: Row, over: Row, field?: string): Row {
    const { columns } = this.#parts.layout
    if (columns === undefined) {
      if (field === undefined) return { ...row, ...over }
      const { [field]: _, ...rest } = over
      return { ...row, ...rest }
    }
    for (const { name } of columns) {
      if (name === field || !Object.hasOwn(over, name) || over[name] === undefined) continue
      row[name] = over[name]
    }
    return row
  }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
