import { Buffer } from 'node:buffer'
import type { Batch, Row } from '#src/operators/operator.ts'
import type { DynamicProperty } from '#src/plan/payload-options.ts'
import { runTemplate } from '#src/template/run.ts'
import type { EncoderContext } from './encoder.ts'

const { stringify } = JSON

/** Rows whose dynamic properties are the same. */
export interface Group {
  readonly note: Uint8Array
  readonly parts: readonly Batch[]
}

/** Works out the properties of a sink that are made for each row, as the note of a frame. */
export class DynamicNotes {
  readonly #properties: readonly DynamicProperty[]
  readonly #rowError: EncoderContext['rowError']
  /** A note is made once for rows that follow each other with the same values. */
  #lastText = ''
  #last: Uint8Array = Buffer.alloc(0)

  constructor(properties: readonly DynamicProperty[], rowError: EncoderContext['rowError']) {
    this.#properties = properties
    this.#rowError = rowError
  }

  /** @throws RowError when a template fails */
  of(row: Row): Uint8Array {
    const meta: Record<string, string> = {}
    for (const { name, template } of this.#properties) meta[name] = runTemplate(template, row)
    const text = stringify({ meta })
    if (text !== this.#lastText) {
      this.#lastText = text
      this.#last = Buffer.from(text)
    }
    return this.#last
  }

  /** The rows of one emission, or of a batch of them, apart by their properties; in each the order is kept. */
  groups(parts: readonly Batch[]): readonly Group[] {
    const groups = new Map<string, { note: Uint8Array; parts: Batch[] }>()
    for (const part of parts) {
      const mine = new Map<string, { rows: Row[]; times: number[] }>()
      const rows =
        part.rows.length > 0 || part.empty === undefined ? part.rows : [part.empty.bounds]
      for (const [i, row] of rows.entries()) {
        const time = part.times[i] ?? part.empty?.time ?? 0
        const note = this.#noted(row, time)
        if (note === undefined) continue
        const key = this.#lastText
        const known = mine.get(key)
        if (known === undefined) {
          const group = groups.get(key) ?? { note, parts: [] }
          groups.set(key, group)
          const own = { rows: [row], times: [time] }
          mine.set(key, own)
          group.parts.push(part.rows.length > 0 ? own : part)
        } else {
          known.rows.push(row)
          known.times.push(time)
        }
      }
    }
    return [...groups.values()]
  }

  #noted(row: Row, time: number): Uint8Array | undefined {
    try {
      return this.of(row)
    } catch (error) {
      this.#rowError(error, time)
      return undefined
    }
  }
}
