import { facadeError, type HostFacades } from '../facade-port.ts'
import {
  type OpenedSocket,
  type SocketTarget,
  type TlsFacts,
  type TlsWishes,
  WINDOW_BYTES,
} from './socket-protocol.ts'

/** What a plugin has taken is told in portions. */
const PORTION_BYTES = WINDOW_BYTES / 4
const PIECE_BYTES = 65_536
/** Smaller pieces are copied: moving a buffer costs more than copying so much. */
const MOVE_BYTES = 8192
/** Of a plugin that writes and never waits. */
const MAX_QUEUED_BYTES = 64 * 2 ** 20

/** Told of what comes, in order. None of them may throw. */
export interface SocketListener {
  data(bytes: Uint8Array<ArrayBuffer>): void
  /** The peer writes no more. */
  ended(): void
  /** There is room for writing again. */
  drained(): void
  /** The last that is heard; once. */
  closed(error: Error | undefined): void
}

/** One connection on the worker's side: what is written waits here for room, what is read is paid for when it was taken. */
export class SocketLink {
  readonly #port: HostFacades
  readonly #id: number
  readonly #listener: SocketListener
  readonly #forget: () => void
  readonly #queue: Uint8Array<ArrayBuffer>[] = []
  /** What came before the plugin was told that the connection stands. */
  #early: (() => void)[] | undefined = []
  #room = WINDOW_BYTES
  #queued = 0
  /** Came, and was not taken yet. */
  #unpaid = 0
  #taken = 0
  #isHeld = true
  /** The host reads no more in clear: what comes from here on has come through TLS. */
  #isSwitched = false
  #isSecuring = false
  #hasTls = false
  #isEnding = false
  #ended: (() => void) | undefined
  #hasEnded = false
  #isPlanned = false
  #isFull = false
  #isClosed = false

  constructor(port: HostFacades, id: number, listener: SocketListener, forget: () => void) {
    this.#port = port
    this.#id = id
    this.#listener = listener
    this.#forget = forget
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes that were written and have not left yet. */
  get queued(): number {
    return this.#queued
  }

  /** @param opened told before anything that comes over the connection */
  async open(target: SocketTarget, opened: (facts: OpenedSocket) => void): Promise<void> {
    const { host, port, tls, timeoutMs, upgrade } = target
    this.#hasTls = tls !== undefined
    try {
      const scheme = schemeOf(target)
      const args = [this.#id, scheme, host, port, { tls, timeoutMs, upgrade }]
      const facts = (await this.#port.call('socket.connect', args)) as OpenedSocket
      if (this.#isClosed) return
      this.#isHeld = false
      opened(facts)
      this.#release()
      this.#flush()
    } catch (error) {
      const place = { syscall: 'connect', address: host, port }
      this.gone(Object.assign(error as Error, place))
    }
  }

  /**
   * Takes bytes that are nobody else's.
   *
   * @returns whether there is room for more; else `drained` is told
   */
  write(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#isClosed || bytes.byteLength === 0) return true
    if (this.#isEnding) throw facadeError('EPIPE', 'write after end')
    if (this.#queued + bytes.byteLength > MAX_QUEUED_BYTES) {
      throw new RangeError(`more than ${MAX_QUEUED_BYTES} bytes wait to be written: wait for room`)
    }
    this.#queue.push(bytes)
    this.#queued += bytes.byteLength
    this.#plan()
    this.#isFull = this.#queued > this.#room
    return !this.#isFull
  }

  /** So many bytes of what came were taken; as many more may come. */
  taken(bytes: number): void {
    const paid = Math.min(bytes, this.#unpaid)
    this.#unpaid -= paid
    this.#taken += paid
    if (this.#taken < PORTION_BYTES || this.#isClosed) return
    this.#port.post('socket.taken', [this.#id, this.#taken])
    this.#taken = 0
  }

  /** Nothing more is written; what waits still leaves. Calls back when it has, or when the connection is gone. */
  end(done: () => void): void {
    const before = this.#ended
    if (this.#isClosed) {
      done()
      return
    }
    this.#ended = () => {
      before?.()
      done()
    }
    if (this.#isEnding) return
    this.#isEnding = true
    this.#plan()
  }

  close(): void {
    if (this.#isClosed) return
    this.#port.post('socket.close', [this.#id])
    this.gone(undefined)
  }

  keepAlive(isOn: boolean, delayMs: number): void {
    if (!this.#isClosed && !this.#isHeld)
      this.#port.post('socket.keepAlive', [this.#id, isOn, delayMs])
  }

  /** TLS from here on. What was written before leaves first; nothing leaves until it stands. */
  async secure(wishes: TlsWishes, secured: (facts: TlsFacts) => void): Promise<void> {
    this.#flushNow()
    if (this.#hasTls) throw facadeError('EINVAL', 'the connection has TLS already')
    if (this.#queued > 0 || this.#isHeld)
      throw facadeError('EINVAL', 'TLS is taken up when the connection stands and nothing waits')
    this.#isHeld = true
    this.#isSecuring = true
    this.#isSwitched = false
    this.#hasTls = true
    this.#early = []
    try {
      const facts = (await this.#port.call('socket.secure', [this.#id, wishes])) as TlsFacts
      if (this.#isClosed) return
      this.#isHeld = false
      this.#isSecuring = false
      secured(facts)
      this.#release()
      this.#flush()
    } catch (error) {
      this.#port.post('socket.close', [this.#id])
      this.gone(error as Error)
    }
  }

  /** From the host: bytes that are this connection's alone. */
  received(buffer: ArrayBuffer): void {
    this.#unpaid += buffer.byteLength
    if (this.#isSecuring && !this.#isSwitched) {
      // Clear text behind the word that TLS begins: somebody has put it there.
      this.#port.post('socket.close', [this.#id])
      this.gone(facadeError('EPROTO', 'data in clear where TLS was to begin'))
    } else this.#tell(() => this.#listener.data(new Uint8Array(buffer)))
  }

  switched(): void {
    this.#isSwitched = true
  }

  /** All that was written has left, and the end behind it. */
  wasEnded(): void {
    const ended = this.#ended
    this.#ended = undefined
    ended?.()
  }

  peerEnded(): void {
    this.#tell(() => this.#listener.ended())
  }

  room(bytes: number): void {
    this.#room += bytes
    this.#flush()
    if (!this.#isFull || this.#queued > 0) return
    this.#isFull = false
    this.#listener.drained()
  }

  gone(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#queue.length = 0
    this.#queued = 0
    this.#release()
    this.#forget()
    this.wasEnded()
    this.#listener.closed(error)
  }

  #tell(step: () => void): void {
    if (this.#isClosed) return
    if (this.#early === undefined) step()
    else this.#early.push(step)
  }

  #release(): void {
    const steps = this.#early ?? []
    this.#early = undefined
    for (const step of steps) step()
  }

  /** The small writes of one turn become one message. */
  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    queueMicrotask(() => {
      this.#isPlanned = false
      this.#flush()
    })
  }

  /** When the host is behind, the small writes of many turns become one message. */
  #flush(): void {
    if (this.#port.isBehind !== true || this.#port.whenClear === undefined) {
      this.#flushNow()
      return
    }
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.#port.whenClear(() => {
      this.#isPlanned = false
      this.#flushNow()
    })
  }

  #flushNow(): void {
    if (this.#isHeld || this.#isClosed) return
    while (this.#queue.length > 0 && this.#room > 0) this.#send(this.#nextPiece())
    if (!this.#isEnding || this.#hasEnded || this.#queue.length > 0) return
    this.#hasEnded = true
    this.#port.post('socket.end', [this.#id])
  }

  #send(piece: Uint8Array<ArrayBuffer>): void {
    const { byteLength } = piece
    this.#room -= byteLength
    this.#queued -= byteLength
    this.#port.post(
      'socket.write',
      [this.#id, piece.buffer],
      byteLength > MOVE_BYTES ? [piece.buffer] : [],
    )
  }

  /** The whole of a buffer: as many of the writes as fit, or the part of one for which there is room. */
  #nextPiece(): Uint8Array<ArrayBuffer> {
    const queue = this.#queue
    const limit = Math.min(this.#room, PIECE_BYTES)
    let [bytes, count] = [0, 0]
    for (const part of queue) {
      if (bytes + part.byteLength > limit) break
      bytes += part.byteLength
      count++
    }
    const [first] = queue
    if (count <= 1 && first !== undefined) {
      if (count === 1) queue.shift()
      else
        queue[0] = new Uint8Array(first.buffer, first.byteOffset + limit, first.byteLength - limit)
      const piece = count === 1 ? first : new Uint8Array(first.buffer, first.byteOffset, limit)
      return piece.byteLength === piece.buffer.byteLength ? piece : new Uint8Array(piece)
    }
    const piece = new Uint8Array(bytes)
    let at = 0
    for (const part of queue.splice(0, count)) {
      piece.set(part, at)
      at += part.byteLength
    }
    return piece
  }
}

function schemeOf({ tls, upgrade }: SocketTarget): string {
  if (upgrade !== undefined) return tls === undefined ? 'ws' : 'wss'
  return tls === undefined ? 'tcp' : 'tls'
}
