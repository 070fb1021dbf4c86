import { Buffer } from 'node:buffer'
import { ENCODING_FORMAT } from '#src/flow/frame.ts'
import type { Row } from '#src/operators/operator.ts'
import { DECODED_NONE, DECODED_ONE, type Decoder } from './decoder.ts'
import { bytesEncoding } from './schema.ts'

/** What should be a payload in a row is none, or cannot be decoded. */
export class NestedFault extends Error {
  override readonly name = 'NestedFault'
}

const LEAST_BYTES = 4096
/** More is given back as soon as payloads are much shorter again. */
const MOST_KEPT_BYTES = 1 << 20

/** The payload that stands in a field of a row, as bytes or as text. */
export class NestedPayload {
  readonly #field: string
  readonly #decoder: Decoder
  /** Where it stands while it is decoded; decoders keep nothing of it. */
  #bytes = Buffer.alloc(LEAST_BYTES)
  #view = new DataView(this.#bytes.buffer)

  constructor(field: string, decoder: Decoder) {
    this.#field = field
    this.#decoder = decoder
  }

  /** Its rows, which belong to the caller. @throws NestedFault */
  rowsIn(row: Row): readonly Row[] {
    const end = this.#write(Object.hasOwn(row, this.#field) ? row[this.#field] : undefined)
    const how = this.#decoder.decode(this.#bytes, this.#view, 0, end, ENCODING_FORMAT)
    if (how === DECODED_ONE) return [this.#decoder.take()]
    if (how === DECODED_NONE) throw this.#fault(this.#decoder.error)
    return this.#decoder.rows
  }

  /** @returns how many bytes it has */
  #write(value: unknown): number {
    if (typeof value === 'string') {
      const encoding = bytesEncoding(value)
      this.#makeRoom(Buffer.byteLength(value, encoding))
      return this.#bytes.write(value, encoding)
    }
    if (value instanceof Uint8Array) {
      this.#makeRoom(value.length)
      this.#bytes.set(value)
      return value.length
    }
    if (value === undefined || value === null) throw this.#fault('there is none')
    throw this.#fault(`it is neither bytes nor text but ${typeof value}`)
  }

  #makeRoom(bytes: number): void {
    const room = this.#bytes.length
    if (bytes <= room && room <= Math.max(MOST_KEPT_BYTES, 4 * bytes)) return
    this.#bytes = Buffer.alloc(Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(bytes))))
    this.#view = new DataView(this.#bytes.buffer)
  }

  #fault(reason: string): NestedFault {
    return new NestedFault(`payload in field "${this.#field}": ${reason}`)
  }
}
