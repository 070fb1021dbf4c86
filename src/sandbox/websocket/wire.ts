import type { SocketLink } from '../sockets/socket-link.ts'
import type { SocketLinks } from '../sockets/socket-links.ts'
import type { SocketTarget } from '../sockets/socket-protocol.ts'
import type { RealTimers } from '../timers.ts'
import { FrameError, FrameReader, FrameWriter, opcodes } from './frames.ts'

/** ms for the peer's part of closing. */
const CLOSING_MS = 3000
/** Of answers to pings that a server does not read, at most. */
const MAX_PONG_BYTES = 65_536
/** Without a status; the end came without a close. */
const [NO_STATUS, ABNORMAL] = [1005, 1006]

const encoder = new TextEncoder()
const Decoder = TextDecoder
const Bytes = Uint8Array

export interface WireEnd {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
  /** Why, when something failed. */
  readonly error: Error | undefined
}

export interface WireListener {
  opened(protocol: string): void
  message(data: string | ArrayBuffer): void
  /** A close was sent or has come. */
  closing(): void
  closed(end: WireEnd): void
}

/** One WebSocket over a connection that the host has opened: messages, pings, and the ways in which it ends. */
export class Wire {
  readonly #link: SocketLink
  readonly #timers: RealTimers
  readonly #listener: WireListener
  readonly #writer = new FrameWriter()
  readonly #reader: FrameReader
  readonly #texts = new Decoder('utf-8', { fatal: true, ignoreBOM: true })
  #timer: NodeJS.Timeout | undefined
  #hasSentClose = false
  #received: { readonly code: number; readonly reason: string } | undefined
  #failure: Error | undefined
  #isClosed = false

  constructor(links: SocketLinks, timers: RealTimers, listener: WireListener) {
    this.#timers = timers
    this.#listener = listener
    this.#reader = new FrameReader({
      message: (bytes, isText) => this.#message(bytes, isText),
      control: (opcode, bytes) => this.#control(opcode, bytes),
    })
    this.#link = links.make({
      data: (bytes) => this.#data(bytes),
      ended: () => this.#peerEnded(),
      drained: () => {},
      closed: (error) => this.#closed(error),
    })
  }

  /** Bytes that wait for room. */
  get queued(): number {
    return this.#link.queued
  }

  open(target: SocketTarget): void {
    void this.#link.open(target, ({ websocket }) =>
      this.#listener.opened(websocket?.protocol ?? ''),
    )
  }

  /** @throws RangeError when too much waits already */
  send(opcode: number, payload: Uint8Array): void {
    if (!this.#hasSentClose) this.#link.write(this.#writer.frame(opcode, payload))
  }

  close(code: number | undefined, reason: Uint8Array): void {
    if (this.#hasSentClose || this.#isClosed) return
    const status = code === undefined ? [] : [code >> 8, code & 0xff]
    this.send(opcodes.close, new Bytes([...status, ...reason]))
    this.#hasSentClose = true
    this.#listener.closing()
    this.#limit()
  }

  /** At once, without a word to the peer. */
  abort(error: Error): void {
    this.#failure ??= error
    this.#link.close()
  }

  #data(bytes: Uint8Array): void {
    try {
      // After the peer's close, and after a failure, nothing of what comes has a meaning.
      if (this.#received === undefined && this.#failure === undefined) this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#link.taken(bytes.byteLength)
    }
  }

  #message(bytes: Uint8Array, isText: boolean): void {
    if (this.#received !== undefined || this.#failure !== undefined) return
    this.#listener.message(isText ? this.#text(bytes) : new Bytes(bytes).buffer)
  }

  #control(opcode: number, bytes: Uint8Array): void {
    if (this.#received !== undefined || this.#failure !== undefined) return
    if (opcode === opcodes.ping) {
      if (this.#link.queued > MAX_PONG_BYTES) return
      this.send(opcodes.pong, bytes)
    } else if (opcode === opcodes.close) this.#closeCame(bytes)
  }

  #closeCame(bytes: Uint8Array): void {
    const [high, low] = bytes
    if (high === undefined) this.#received = { code: NO_STATUS, reason: '' }
    else {
      const code = high * 256 + (low ?? 0)
      if (low === undefined || !isStatus(code))
        throw new FrameError(1002, 'the server closes with a status that there is not')
      this.#received = { code, reason: this.#text(bytes.subarray(2)) }
    }
    this.close(high === undefined ? undefined : this.#received.code, new Bytes(0))
    // The server ends the connection first; one that does not is not waited for.
    this.#limit()
  }

  /** @throws FrameError */
  #text(bytes: Uint8Array): string {
    try {
      return this.#texts.decode(bytes)
    } catch {
      throw new FrameError(1007, 'the server sends a text that is no UTF-8')
    }
  }

  #fail(error: unknown): void {
    this.#failure = error as Error
    const status = error instanceof FrameError ? error.status : 1011
    this.close(status, encoder.encode(this.#failure.message).subarray(0, 120))
    this.#link.end(() => this.#link.close())
  }

  /** The end comes in any case. */
  #limit(): void {
    this.#timers.clearTimeout(this.#timer)
    this.#timer = this.#timers.setTimeout(() => this.#link.close(), CLOSING_MS)
  }

  #peerEnded(): void {
    if (this.#received !== undefined && this.#link.queued > 0)
      this.#link.end(() => this.#link.close())
    else this.#link.close()
  }

  #closed(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#timers.clearTimeout(this.#timer)
    const failure = this.#failure ?? (this.#received === undefined ? error : undefined)
    const wasClean = failure === undefined && this.#received !== undefined
    const { code, reason } = (wasClean ? this.#received : undefined) ?? {
      code: ABNORMAL,
      reason: '',
    }
    this.#listener.closed({ code, reason, wasClean, error: failure })
  }
}

/** What may stand in a close frame. */
function isStatus(code: number): boolean {
  if (code >= 3000) return code <= 4999
  return code >= 1000 && code <= 1014 && ![1004, NO_STATUS, ABNORMAL].includes(code)
}
