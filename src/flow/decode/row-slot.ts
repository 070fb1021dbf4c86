import type { Row } from '#src/operators/operator.ts'
import { DECODED_MANY, DECODED_NONE, DECODED_ONE, type Decoded } from './decoder.ts'
import type { RowLayout } from './row-layout.ts'
import { SchemaMismatch } from './schema.ts'

/** Where a decoder leaves what it read: the scratch row, the rows of an array, or why there is none. */
export class RowSlot {
  row: Row
  rows: readonly Row[] = []
  error = ''
  readonly #layout: RowLayout

  constructor(layout: RowLayout) {
    this.#layout = layout
    this.row = layout.blank()
  }

  take(): Row {
    return this.#layout.copy(this.row)
  }

  /** A value that JSON.parse or another parser made: an object is a row, an array a row per element. */
  accept(value: unknown): Decoded {
    if (Array.isArray(value)) return this.#acceptAll(value)
    if (!isObject(value))
      return this.fail(`payload is ${kindOf(value)}, not an object or an array of objects`)
    try {
      this.row = this.#fill(this.row, value)
      return DECODED_ONE
    } catch (error) {
      return this.fail(reasonOf(error))
    }
  }

  fail(error: string): Decoded {
    this.error = error
    return DECODED_NONE
  }

  #acceptAll(values: readonly unknown[]): Decoded {
    const rows: Row[] = []
    try {
      for (const value of values) {
        if (!isObject(value)) {
          return this.fail(
            `element ${rows.length} of the payload is ${kindOf(value)}, not an object`,
          )
        }
        rows.push(this.#fill(this.#layout.blank(), value))
      }
    } catch (error) {
      return this.fail(reasonOf(error))
    }
    this.rows = rows
    return DECODED_MANY
  }

  #fill(row: Row, value: Row): Row {
    if (this.#layout.columns === undefined) return value
    this.#layout.fill(row, value)
    return row
  }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

/** Of what a conversion threw: a `SchemaMismatch`, or a RangeError for what is nested too deeply to be converted. */
function reasonOf(error: unknown): string {
  if (error instanceof SchemaMismatch) return error.message
  return `payload cannot be converted: ${error instanceof Error ? error.message : String(error)}`
}
