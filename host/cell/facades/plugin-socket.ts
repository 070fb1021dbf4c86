import { connect, type LookupFunction, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import {
  type OpenedSocket,
  type TlsFacts,
  type TlsWishes,
  type UpgradeFacts,
  WINDOW_BYTES,
} from '#src/sandbox/sockets/socket-protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import type { FacadeEnd } from './facade.ts'
import { FacadeError } from './facade-error.ts'
import type { Address } from './name-lookup.ts'
import { originOf, type Target } from './origins.ts'
import { errorOf, type PlainError, plainErrorOf } from './plain-error.ts'
import { factsOf, startTls } from './tls-options.ts'
import { type UpgradeWishes, WebSocketHandshake } from './websocket-handshake.ts'

/** Room is given back in portions: a message for each write would cost more than the write. */
const PORTION_BYTES = WINDOW_BYTES / 4
/** Smaller pieces are copied: moving a buffer costs more than copying so much. */
const MOVE_BYTES = 4096
/** ms for what was handed over before an end in order. */
const LINGER_MS = 1000

export interface SocketOptions {
  readonly id: number
  readonly target: Target
  /** Of the handshake that a `tls` target begins with. */
  readonly tls: TlsWishes
  /** The opening of a `ws` or `wss` target. */
  readonly upgrade?: UpgradeWishes | undefined
  /** From the name to a connection that stands, ms. */
  readonly timeoutMs: number
  find(host: string): Promise<readonly Address[]>
  push(event: string, args: readonly unknown[], move?: readonly ArrayBuffer[]): void
  /** Called once, when nothing comes of it any more. */
  gone(): void
}

/** One connection of a plugin's, on the host's side: opened, read and written by credit, perhaps turned to TLS. */
export class PluginSocket {
  readonly #options: SocketOptions
  /** Rejects what is being waited for when the connection ends before. */
  readonly #over = Promise.withResolvers<never>()
  #socket: Socket | TLSSocket | undefined
  /** Below the TLS that was taken up within the stream. */
  #plain: Socket | undefined
  #state: 'opening' | 'open' | 'gone' = 'opening'
  /** Why it ended, in the words that the plugin gets. */
  #failure: PlainError | undefined
  /** Sent to the plugin, not taken by it yet. */
  #unread = 0
  /** Taken from the plugin, not written yet. */
  #unsent = 0
  #owedRoom = 0
  #isSecuring = false
  /** What comes is its answer first. */
  readonly #handshake: WebSocketHandshake | undefined
  #written: (() => void) | undefined
  /** Hears no more of the socket that there is. */
  #leave: () => void = () => {}

  constructor(options: SocketOptions) {
    const { target, upgrade } = options
    this.#options = options
    this.#handshake = upgrade && new WebSocketHandshake(target, upgrade)
    this.#over.promise.catch(() => {})
  }

  /** @throws Error with the system's code, `ETIMEDOUT`, `ECONNABORTED` */
  async open(): Promise<OpenedSocket> {
    const { target, tls, timeoutMs, find } = this.#options
    const what = `connect ${originOf(target)}`
    const timer = setTimeout(
      () => this.#fail({ code: 'ETIMEDOUT', message: `${what}: no connection in ${timeoutMs} ms` }),
      timeoutMs,
    )
    try {
      const addresses = await Promise.race([find(target.host), this.#over.promise])
      const { port, host } = target
      const over = { port, autoSelectFamily: true, lookup: among(addresses) }
      const isTls = target.scheme === 'tls' || target.scheme === 'wss'
      const socket = isTls
        ? startTls(host, tls, over)
        : connect({ ...over, host, allowHalfOpen: true })
      this.#listen(socket, what)
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once(isTls ? 'secureConnect' : 'connect', resolve)
      await Promise.race([promise, this.#over.promise])
      socket.setNoDelay(true)
      const websocket = await this.#upgraded(socket)
      this.#state = 'open'
      const facts = isTls ? factsOf(socket as TLSSocket) : undefined
      return { ...this.#opened(socket, facts), websocket }
    } catch (error) {
      const plain = this.#failure ?? plainErrorOf(error, what)
      this.#fail(plain)
      throw errorOf(plain)
    } finally {
      clearTimeout(timer)
    }
  }

  /** @throws OffenceError beyond the window */
  write(bytes: ArrayBuffer): void {
    if (this.#state !== 'open' || bytes.byteLength === 0) return
    const { byteLength } = bytes
    if (this.#unsent + byteLength > WINDOW_BYTES) {
      this.#fail({ code: 'ECONNABORTED', message: 'more was written than there was room for' })
      throw new OffenceError('more bytes than there was room for')
    }
    this.#unsent += byteLength
    this.#socket?.write(new Uint8Array(bytes), () => this.#sent(byteLength))
  }

  /** The plugin has taken so many bytes. @throws OffenceError for more than it was sent */
  credit(bytes: number): void {
    if (this.#state !== 'open') return
    if (bytes > this.#unread) throw new OffenceError('more bytes taken than were sent')
    this.#unread -= bytes
    if (this.#unread < WINDOW_BYTES / 2) this.#socket?.resume()
  }

  /** TLS within a `tcp` connection: as MySQL, PostgreSQL and mail servers take it up. */
  async secure(wishes: TlsWishes): Promise<TlsFacts> {
    const { id, target, timeoutMs, push } = this.#options
    const plain = this.#socket
    if (this.#state !== 'open' || plain === undefined)
      throw new FacadeError('ECONNABORTED', 'the connection is closed')
    if (target.scheme !== 'tcp' || this.#plain !== undefined || this.#isSecuring)
      throw new FacadeError('EINVAL', 'the connection has TLS already')
    this.#isSecuring = true
    const what = `TLS with ${originOf(target)}`
    const late = { code: 'ETIMEDOUT', message: `${what}: no handshake in ${timeoutMs} ms` }
    const timer = setTimeout(() => this.#fail(late), timeoutMs)
    try {
      await Promise.race([this.#allSent(), this.#over.promise])
      this.#leave()
      push('socket.switched', [id])
      this.#plain = plain
      const socket = startTls(target.host, wishes, { socket: plain })
      this.#listen(socket, what)
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('secureConnect', resolve)
      await Promise.race([promise, this.#over.promise])
      return factsOf(socket)
    } catch (error) {
      const failure = this.#failure ?? plainErrorOf(error, what)
      this.#fail(failure)
      throw errorOf(failure)
    } finally {
      clearTimeout(timer)
      this.#isSecuring = false
    }
  }

  /** Nothing more is written; what comes is still read. The plugin is told when all of it has left. */
  end(): void {
    const { id, push } = this.#options
    if (this.#state === 'open') this.#socket?.end(() => push('socket.ended', [id]))
  }

  keepAlive(isOn: boolean, delayMs: number): void {
    this.#socket?.setKeepAlive(isOn, delayMs)
  }

  close(how: FacadeEnd = 'revoked'): void {
    const socket = this.#socket
    const lingers = how === 'ended' && this.#state === 'open' && socket !== undefined
    this.#fail(undefined, lingers)
    if (!lingers) return
    socket.resume()
    socket.end(() => socket.destroy())
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  async #upgraded(socket: Socket): Promise<UpgradeFacts | undefined> {
    if (this.#handshake === undefined) return undefined
    socket.write(this.#handshake.request, 'latin1')
    return await Promise.race([this.#handshake.agreed, this.#over.promise])
  }

  #listen(socket: Socket | TLSSocket, what: string): void {
    const { id, push } = this.#options
    const onData = (bytes: Buffer) => this.#heard(bytes)
    const onEnd = () => {
      this.#handshake?.ended()
      push('socket.peerEnd', [id])
    }
    const onError = (error: Error) => this.#fail(plainErrorOf(error, what))
    const onClose = () => this.#fail(undefined)
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
    this.#socket = socket
    this.#leave = () => {
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      socket.on('error', () => {})
    }
  }

  #heard(bytes: Buffer): void {
    const own = this.#handshake === undefined ? bytes : this.#handshake.read(bytes)
    if (own !== undefined && own.byteLength > 0) this.#read(own)
  }

  #read(bytes: Buffer): void {
    const { id, push } = this.#options
    const isOwn = bytes.byteLength === bytes.buffer.byteLength
    // What Node has read into a buffer of its own goes over as it is.
    const buffer = isOwn ? bytes.buffer : new Uint8Array(bytes).buffer
    this.#unread += bytes.byteLength
    push('socket.data', [id, buffer], bytes.byteLength > MOVE_BYTES ? [buffer as ArrayBuffer] : [])
    if (this.#unread >= WINDOW_BYTES) this.#socket?.pause()
  }

  #sent(bytes: number): void {
    this.#unsent -= bytes
    this.#owedRoom += bytes
    if (this.#unsent === 0) this.#written?.()
    if (this.#owedRoom < PORTION_BYTES || this.#state !== 'open') return
    this.#options.push('socket.room', [this.#options.id, this.#owedRoom])
    this.#owedRoom = 0
  }

  #allSent(): Promise<void> {
    if (this.#unsent === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#written = resolve
    })
  }

  /** The end, with the reason if there is one. @param lingers the socket itself is left to whoever ends it */
  #fail(error: PlainError | undefined, lingers = false): void {
    if (this.#state === 'gone') return
    const wasOpen = this.#state === 'open'
    this.#state = 'gone'
    this.#failure = error
    const { id, push, gone } = this.#options
    this.#over.reject(
      errorOf(error ?? { code: 'ECONNABORTED', message: 'the connection is closed' }),
    )
    this.#leave()
    if (!lingers) {
      this.#socket?.destroy()
      this.#plain?.destroy()
    }
    gone()
    if (wasOpen) push('socket.closed', [id, error])
  }

  #opened(socket: Socket, tls: TlsFacts | undefined): OpenedSocket {
    const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket
    return { remoteAddress, remotePort, remoteFamily, localAddress, localPort, tls }
  }
}

/** Answers Node's question for addresses with those that were found: nobody is asked twice. */
function among(addresses: readonly Address[]): LookupFunction {
  return (_host, options, answer) => {
    const [first] = addresses
    if (options.all === true) answer(null, [...addresses])
    else answer(null, first?.address ?? '', first?.family)
  }
}
