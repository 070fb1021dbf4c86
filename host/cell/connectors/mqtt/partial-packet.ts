/** No packet says its length in more. */
const HEAD_BYTES = 5

/** The beginning of a packet of which more is to come. Its parts are joined once: a large packet comes in hundreds of reads. */
export class PartialPacket {
  readonly #parts: Buffer[] = []
  #head: Buffer = Buffer.alloc(0)
  #length = 0

  constructor(start: Buffer) {
    this.add(start)
  }

  get length(): number {
    return this.#length
  }

  /** The first bytes, as far as they are here with those that follow. */
  head(following: Buffer): Buffer {
    return Buffer.concat([this.#head, following.subarray(0, HEAD_BYTES - this.#head.length)])
  }

  /** A copy: the buffer of a read is used again. */
  add(bytes: Buffer): void {
    this.#head = this.head(bytes)
    this.#parts.push(Buffer.from(bytes))
    this.#length += bytes.length
  }

  whole(last: Buffer): Buffer {
    return Buffer.concat([...this.#parts, last])
  }
}
