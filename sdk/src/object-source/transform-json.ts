import { textOf } from './errors.ts'
import { needsExact, parseExact } from './exact-json.ts'
import { joined } from './lines.ts'
import {
  type Batch,
  type BrokenRecord,
  brokenObject,
  brokenRecord,
  Transformer,
  type TransformInput,
} from './transformer.ts'

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d]

/** The elements of one JSON array, one by one as they come; a file that is no array is one record. */
export class JsonArrayTransformer extends Transformer {
  readonly format = 'json'

  async *batches(input: TransformInput): AsyncGenerator<Batch, void, undefined> {
    const { body, config, context, skip, signal } = input
    const decoder = new TextDecoder()
    const cutter = new ElementCutter(config.maxRecordBytes)
    let count = 0
    const read = (element: Uint8Array): unknown | BrokenRecord => {
      try {
        const text = decoder.decode(element)
        return needsExact(text, config.longs) ? parseExact(text, config.longs) : JSON.parse(text)
      } catch (error) {
        return brokenRecord(context, count, textOf(error), error)
      }
    }
    const batchOf = (elements: readonly Uint8Array[]): Batch => {
      const values: unknown[] = []
      let bytes = 0
      for (const element of elements) {
        if (++count <= skip) continue
        values.push(read(element))
        bytes += element.length * 2
      }
      return { schema: null, values, bytes }
    }
    for await (const chunk of await body.open(signal)) {
      const elements = cutter.push(chunk)
      if (elements.length > 0) yield batchOf(elements)
      if (cutter.problem !== undefined) throw brokenObject(context, cutter.problem)
    }
    const rest = cutter.end()
    if (rest.length > 0) yield batchOf(rest)
    if (cutter.problem !== undefined) throw brokenObject(context, cutter.problem)
  }
}

type Phase = 'start' | 'elements' | 'value' | 'after'

/** Finds where elements begin and end: knows brackets, braces and strings, and nothing of what is in them. */
class ElementCutter {
  readonly #maxBytes: number
  /** What was cut off before the end, from the element in hand on. */
  #rest: Uint8Array = new Uint8Array(0)
  /** In `#rest`: looked at up to here. */
  #at = 0
  #depth = 0
  #inString = false
  #phase: Phase = 'start'
  #wantsElement = false
  problem: string | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @returns the elements that are whole now; where `problem` is set, there will be no more */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#rest.length === 0 ? chunk : joined([this.#rest, chunk])
    const elements: Uint8Array[] = []
    let start = 0
    let i = this.#at
    for (; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0
      if (this.#phase === 'elements' && this.#isInside(byte)) {
        if (this.#inString && byte === BACKSLASH && i + 1 >= bytes.length) break
        if (this.#inString && byte === BACKSLASH) i++
        continue
      }
      if (this.#phase === 'elements') {
        const element = bytes.subarray(start, i)
        const isBlank = element.every(isSpace)
        if (!isBlank) elements.push(element)
        else if (byte === COMMA || this.#wantsElement)
          return this.#fail(elements, 'an element is missing')
        start = i + 1
        this.#wantsElement = byte === COMMA
        if (byte === CLOSE) this.#phase = 'after'
      } else if (this.#phase === 'start' && !isSpace(byte)) {
        if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue
        this.#phase = byte === OPEN ? 'elements' : 'value'
        start = byte === OPEN ? i + 1 : i
      } else if (this.#phase === 'after') {
        if (!isSpace(byte)) return this.#fail(elements, 'there is more behind the array')
        start = i + 1
      }
    }
    this.#rest = bytes.slice(this.#phase === 'start' ? i : start)
    this.#at = i - (this.#phase === 'start' ? i : start)
    if (this.#rest.length > this.#maxBytes) {
      this.#fail(elements, `an element of more than max.record.bytes, ${this.#maxBytes}`)
    }
    return elements
  }

  end(): Uint8Array[] {
    if (this.#phase === 'value') return [this.#rest]
    if (this.#phase === 'elements') this.problem = 'the array is not closed'
    return []
  }

  /** Whether a byte belongs to the element in hand, and is no border. */
  #isInside(byte: number): boolean {
    if (this.#inString) {
      if (byte === QUOTE) this.#inString = false
      return true
    }
    if (byte === QUOTE) this.#inString = true
    else if (byte === OPEN || byte === 0x7b) this.#depth++
    else if (byte === CLOSE || byte === 0x7d) {
      if (this.#depth === 0) return byte !== CLOSE
      this.#depth--
    } else return byte !== COMMA || this.#depth > 0
    return true
  }

  #fail(elements: Uint8Array[], problem: string): Uint8Array[] {
    this.problem = problem
    return elements
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
