import { bytesOf, PluginTextDecoder } from '../wrap-text.ts'
import { PluginSearchParams } from '../wrap-url.ts'

/** The whole of a body in memory, at most. */
export const MAX_BODY_BYTES = 64 * 2 ** 20

export interface BodySource {
  readonly stream: ReadableStream<Uint8Array> | null
  readonly type: string | undefined
}

const encoder = new TextEncoder()
const Stream = ReadableStream

/** What a plugin may give as a body: a text, bytes, parameters, a stream of bytes. @throws TypeError */
export function sourceOf(body: unknown): BodySource {
  if (body === undefined || body === null) return { stream: null, type: undefined }
  if (body instanceof Stream) return { stream: body as ReadableStream<Uint8Array>, type: undefined }
  if (body instanceof PluginSearchParams) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8'
    return { stream: streamOf(encoder.encode(`${body as unknown as string}`)), type }
  }
  if (typeof body === 'object' && isBytes(body))
    return { stream: streamOf(bytesOf(body)), type: undefined }
  return { stream: streamOf(encoder.encode(`${body as string}`)), type: 'text/plain;charset=UTF-8' }
}

/** `text`, `json`, `bytes` and `arrayBuffer` of a request or a response, each body once. */
export class PluginBody {
  #stream: ReadableStream<Uint8Array> | null
  #isUsed = false

  constructor(stream: ReadableStream<Uint8Array> | null) {
    this.#stream = stream
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#stream
  }

  get bodyUsed(): boolean {
    return this.#isUsed || this.#stream?.locked === true
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.bodyUsed) throw new TypeError('the body was read already')
    this.#isUsed = true
    if (this.#stream === null) return new Uint8Array()
    const pieces: Uint8Array<ArrayBuffer>[] = []
    let size = 0
    for await (const piece of this.#stream) {
      const bytes = bytesOf(piece)
      size += bytes.byteLength
      if (size > MAX_BODY_BYTES)
        throw new RangeError(`a body of more than ${MAX_BODY_BYTES} bytes: read it by pieces`)
      pieces.push(bytes)
    }
    const [first] = pieces
    if (pieces.length === 1 && first !== undefined) return first
    const whole = new Uint8Array(size)
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.byteLength
    }
    return whole
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer } = await this.bytes()
    return buffer
  }

  async text(): Promise<string> {
    return new PluginTextDecoder().decode(await this.bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  /** A second stream of what is left, for `clone`. */
  protected split(): ReadableStream<Uint8Array> | null {
    if (this.bodyUsed) throw new TypeError('the body was read already')
    if (this.#stream === null) return null
    const [own, other] = this.#stream.tee()
    this.#stream = own
    return other
  }
}

function isBytes(value: object): boolean {
  try {
    bytesOf(value)
    return true
  } catch {
    return false
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new Stream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}
