/** RFC 6455, section 5.2. */
export const opcodes = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Of one message, sent or received. */
export const MAX_MESSAGE_BYTES = 16 * 2 ** 20
const MAX_CONTROL_BYTES = 125
const POOL_BYTES = 4096

const realCrypto = crypto
const Bytes = Uint8Array

/** The peer breaks the protocol, or sends more than is taken; `status` is what it is told. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
  readonly code = 'EPROTO'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface FrameListener {
  /** The bytes of one whole message, the reader's own until it returns. */
  message(bytes: Uint8Array, isText: boolean): void
  control(opcode: number, bytes: Uint8Array): void
}

/** Finds frames in what a server sends, and messages in these. Memory follows what came, not what was announced. */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #header = new Bytes(10)
  readonly #message = new Gathered()
  readonly #control = new Gathered()
  #headerBytes = 0
  /** Of the frame's payload, still to come. -1: a header is being read. */
  #left = -1
  #opcode = 0
  #isFinal = false
  /** Of the message whose fragments are coming. */
  #type: number | undefined

  constructor(listener: FrameListener) {
    this.#listener = listener
  }

  /** @throws FrameError */
  read(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.byteLength) {
      if (this.#left < 0) {
        this.#header[this.#headerBytes++] = bytes[at++] ?? 0
        if (this.#headerBytes < this.#headerLength()) continue
        this.#begin()
        if (this.#left === 0) this.#finish(bytes.subarray(at, at))
      } else {
        const end = Math.min(bytes.byteLength, at + this.#left)
        const part = bytes.subarray(at, end)
        this.#left -= part.byteLength
        at = end
        if (this.#left === 0) this.#finish(part)
        else this.#target().add(part)
      }
    }
  }

  #headerLength(): number {
    const short = (this.#header[1] ?? 0) & 0x7f
    if (this.#headerBytes < 2 || short < 126) return 2
    return short === 126 ? 4 : 10
  }

  #begin(): void {
    const [first = 0, second = 0] = this.#header
    this.#headerBytes = 0
    this.#isFinal = (first & 0x80) !== 0
    this.#opcode = first & 0x0f
    if ((first & 0x70) !== 0) throw broken('a frame uses an extension that nobody offered')
    if ((second & 0x80) !== 0) throw broken('a frame of a server has a mask')
    const length = this.#length(second & 0x7f)
    if (this.#opcode > 2) {
      if (this.#opcode < 8 || this.#opcode > 10) throw broken('a frame of no known kind')
      if (!this.#isFinal || length > MAX_CONTROL_BYTES)
        throw broken('a control frame in fragments, or too long')
    } else {
      if ((this.#opcode === opcodes.more) === (this.#type === undefined))
        throw broken('a fragment without its beginning, or a message within another')
      if (this.#message.bytes + length > MAX_MESSAGE_BYTES)
        throw new FrameError(1009, `a message has more than ${MAX_MESSAGE_BYTES} bytes`)
      this.#type ??= this.#opcode
    }
    this.#left = length
  }

  #length(short: number): number {
    if (short < 126) return short
    const view = new DataView(this.#header.buffer)
    if (short === 126) return view.getUint16(2)
    return view.getUint32(2) * 2 ** 32 + view.getUint32(6)
  }

  #target(): Gathered {
    return this.#opcode > 2 ? this.#control : this.#message
  }

  #finish(part: Uint8Array): void {
    this.#left = -1
    const target = this.#target()
    const isControl = target === this.#control
    if (!isControl && !this.#isFinal) {
      target.add(part)
      return
    }
    // What came in one piece is not copied.
    const whole = target.bytes === 0 ? part : target.add(part).view()
    const isText = this.#type === opcodes.text
    target.clear()
    if (isControl) this.#listener.control(this.#opcode, whole)
    else {
      this.#type = undefined
      this.#listener.message(whole, isText)
    }
  }
}

/** Pieces in one buffer that doubles: a peer that sends single bytes costs no object for each. */
class Gathered {
  #buffer = new Bytes(0)
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  add(part: Uint8Array): this {
    const needed = this.#bytes + part.byteLength
    if (needed > this.#buffer.byteLength) {
      const larger = new Bytes(Math.max(needed, 2 * this.#buffer.byteLength, 1024))
      larger.set(this.#buffer.subarray(0, this.#bytes))
      this.#buffer = larger
    }
    this.#buffer.set(part, this.#bytes)
    this.#bytes = needed
    return this
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#bytes)
  }

  clear(): void {
    this.#buffer = new Bytes(0)
    this.#bytes = 0
  }
}

/** Makes the frames of a client, each with a mask of its own. */
export class FrameWriter {
  readonly #pool = new Bytes(POOL_BYTES)
  #at = POOL_BYTES

  frame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
    const { byteLength } = payload
    const lengthBytes = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8
    const start = 6 + lengthBytes
    const frame = new Bytes(start + byteLength)
    const view = new DataView(frame.buffer)
    frame[0] = 0x80 | opcode
    frame[1] = 0x80 | (lengthBytes === 0 ? byteLength : lengthBytes === 2 ? 126 : 127)
    if (lengthBytes === 2) view.setUint16(2, byteLength)
    else if (lengthBytes === 8) view.setBigUint64(2, BigInt(byteLength))
    const mask = this.#mask()
    frame.set(mask, start - 4)
    const [a = 0, b = 0, c = 0, d = 0] = mask
    let at = 0
    for (; at + 3 < byteLength; at += 4) {
      frame[start + at] = (payload[at] ?? 0) ^ a
      frame[start + at + 1] = (payload[at + 1] ?? 0) ^ b
      frame[start + at + 2] = (payload[at + 2] ?? 0) ^ c
      frame[start + at + 3] = (payload[at + 3] ?? 0) ^ d
    }
    for (; at < byteLength; at++) frame[start + at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0)
    return frame
  }

  #mask(): Uint8Array {
    if (this.#at === POOL_BYTES) {
      realCrypto.getRandomValues(this.#pool)
      this.#at = 0
    }
    this.#at += 4
    return this.#pool.subarray(this.#at - 4, this.#at)
  }
}

function broken(what: string): FrameError {
  return new FrameError(1002, `the server breaks the protocol: ${what}`)
}
