import { joined } from './lines.ts'

/** Takes bytes off a stream in amounts of one's own. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array(0)
  #at = 0
  #isDone = false

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]()
  }

  /** Reads until so many bytes are there. @returns whether they are */
  async has(bytes: number): Promise<boolean> {
    const parts: Uint8Array[] = []
    let there = this.#buffer.length - this.#at
    while (there < bytes && !this.#isDone) {
      const { done, value } = await this.#iterator.next()
      if (done === true) this.#isDone = true
      else {
        parts.push(value)
        there += value.length
      }
    }
    if (parts.length > 0) {
      this.#buffer = joined([this.#buffer.subarray(this.#at), ...parts])
      this.#at = 0
    }
    return there >= bytes
  }

  /** What is there already, without taking it. */
  peek(): Uint8Array {
    return this.#buffer.subarray(this.#at)
  }

  /** So many of those that are there: a view, good until the next `has`. */
  take(bytes: number): Uint8Array {
    this.#at += bytes
    return this.#buffer.subarray(this.#at - bytes, this.#at)
  }

  /** Leaves bytes out, without keeping them. @returns whether there were so many */
  async skip(bytes: number): Promise<boolean> {
    let left = bytes
    while (left > 0 && (await this.has(1))) {
      const step = Math.min(left, this.#buffer.length - this.#at)
      this.#at += step
      left -= step
    }
    return left === 0
  }

  async close(): Promise<void> {
    if (!this.#isDone) await this.#iterator.return?.()
  }
}
