import { Buffer } from 'node:buffer'
import { Duplex } from 'node:stream'
import { denied } from './net-denied.js'

const { connect: connectHost } = require('plutino:sockets')

/** The host's end of each socket: `tls` takes it over. */
const handles = new WeakMap()

export function handleOf(socket) {
  return handles.get(socket)
}

export function setHandle(socket, handle) {
  handles.set(socket, handle)
}

/** Node's socket over a connection that the host makes: granted origins only, nothing of the system inside. */
export class Socket extends Duplex {
  #timeoutMs = 0
  #timer
  #activeAt = 0
  /** Bytes in the stream's buffer for which the host has not been given room yet. */
  #held = 0
  #written
  /** A write that came before the host's end of the socket. */
  #early
  #keepAlive
  #closeError = false

  constructor(options = {}) {
    if (options.fd !== undefined || options.handle) throw denied('a socket over a descriptor')
    super({
      allowHalfOpen: options.allowHalfOpen === true,
      autoDestroy: true,
      emitClose: false,
      decodeStrings: true,
      readableHighWaterMark: 65536,
      writableHighWaterMark: 65536,
    })
    this.connecting = false
    this.pending = true
    this.bytesRead = 0
    this.bytesWritten = 0
    this.remoteAddress = undefined
    this.remotePort = undefined
    this.remoteFamily = undefined
    this.localAddress = undefined
    this.localPort = undefined
    this.encrypted = undefined
    options.signal?.addEventListener('abort', () => this.destroy(options.signal.reason))
  }

  connect(...given) {
    const { options, done } = readArguments(given)
    if (options.path !== undefined) throw denied(`the socket file ${options.path}`)
    if (done !== undefined) this.once('connect', done)
    if (options.timeout) this.setTimeout(options.timeout)
    if (options.keepAlive) this.setKeepAlive(true, options.keepAliveInitialDelay)
    this._start({ host: options.host ?? 'localhost', port: options.port })
    return this
  }

  setTimeout(ms, listener) {
    this.#timeoutMs = Number(ms) || 0
    if (listener !== undefined) {
      if (this.#timeoutMs > 0) this.once('timeout', listener)
      else this.off('timeout', listener)
    }
    clearTimeout(this.#timer)
    if (this.#timeoutMs > 0 && !this.destroyed) this.#watch(this.#timeoutMs)
    return this
  }

  get timeout() {
    return this.#timeoutMs === 0 ? undefined : this.#timeoutMs
  }

  setKeepAlive(isOn = false, delayMs = 0) {
    this.#keepAlive = [isOn === true, delayMs]
    handleOf(this)?.keepAlive(isOn === true, delayMs)
    return this
  }

  /** The host never delays. */
  setNoDelay() {
    return this
  }

  ref() {
    return this
  }

  unref() {
    return this
  }

  address() {
    if (this.localAddress === undefined) return {}
    const family = this.localAddress.includes(':') ? 'IPv6' : 'IPv4'
    return { address: this.localAddress, port: this.localPort, family }
  }

  destroySoon() {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy() {
    return this.destroy()
  }

  get bufferSize() {
    return this.writableLength
  }

  get readyState() {
    if (this.connecting) return 'opening'
    if (this.pending || this.destroyed) return 'closed'
    if (this.readable && this.writable) return 'open'
    return this.readable ? 'readOnly' : 'writeOnly'
  }

  /** @internal */
  _start(wanted) {
    this.connecting = true
    try {
      setHandle(
        this,
        connectHost(wanted, (event, detail) => this._heard(event, detail)),
      )
    } catch (error) {
      process.nextTick(() => this.destroy(error))
    }
  }

  /** @internal what the host tells */
  _heard(event, detail) {
    this.#activeAt = performance.now()
    if (event === 'data') this.#received(detail)
    else if (event === 'end') this.push(null)
    else if (event === 'drain') this.#drained()
    else if (event === 'open') this._opened(detail)
    else if (event === 'close') this.#ended(detail)
  }

  /** @internal */
  _opened(facts) {
    this.connecting = false
    this.pending = false
    const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = facts
    Object.assign(this, { remoteAddress, remotePort, remoteFamily, localAddress, localPort })
    if (this.#keepAlive !== undefined) handleOf(this)?.keepAlive(...this.#keepAlive)
    this.emit('connect')
    this.emit('ready')
  }

  _read() {
    if (this.#held === 0) return
    handleOf(this)?.taken(this.#held)
    this.#held = 0
  }

  _write(chunk, _encoding, done) {
    this.#send(chunk, done)
  }

  _writev(parts, done) {
    const chunks = parts.map(({ chunk }) => chunk)
    this.#send(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), done)
  }

  _final(done) {
    const end = () => {
      const handle = handleOf(this)
      if (handle === undefined) done()
      else handle.end(done)
    }
    if (this.connecting) this.once(this.encrypted ? 'secureConnect' : 'connect', end)
    else end()
  }

  _destroy(error, done) {
    clearTimeout(this.#timer)
    this.connecting = false
    this.#closeError = error !== null && error !== undefined
    handleOf(this)?.close()
    const written = this.#written
    this.#written = undefined
    written?.(error ?? closedError())
    this._handled()
    done(error)
    // After the error, as in Node.
    process.nextTick(() => this.emit('close', this.#closeError))
  }

  /** @internal the host's end is known, or never will be */
  _handled() {
    const early = this.#early
    this.#early = undefined
    early?.()
  }

  #received(bytes) {
    if (this.destroyed) return
    this.bytesRead += bytes.byteLength
    const isWanted = this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (isWanted && this.#held === 0) handleOf(this)?.taken(bytes.byteLength)
    else this.#held += bytes.byteLength
  }

  #send(bytes, done) {
    const handle = handleOf(this)
    if (handle === undefined) {
      // TLS over a socket: some drivers write before it has begun.
      if (!this.connecting) return done(closedError())
      this.#early = () => this.#send(bytes, done)
      return
    }
    this.#activeAt = performance.now()
    this.bytesWritten += bytes.byteLength
    let hasRoom
    try {
      hasRoom = handle.write(bytes)
    } catch (error) {
      return done(error)
    }
    if (hasRoom) done()
    else this.#written = done
  }

  #drained() {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  #ended(error) {
    if (error !== undefined) this.destroy(error)
    else if (this.readableEnded || this.destroyed) this.destroy()
    else {
      // What came is still read to its end.
      this.once('end', () => this.destroy())
      this.push(null)
    }
  }

  #watch(ms) {
    this.#timer = setTimeout(() => {
      const left = this.#activeAt + this.#timeoutMs - performance.now()
      if (left > 0.5) return this.#watch(left)
      this.emit('timeout')
      this.#watch(this.#timeoutMs)
    }, ms)
    if (ms === this.#timeoutMs) this.#activeAt = performance.now()
  }
}

/** `connect(options, done)`, `connect(port, host, done)`, `connect(path, done)`. */
export function readArguments(given) {
  const args = Array.isArray(given[0]) ? given[0] : given
  const done = args.find((each) => typeof each === 'function')
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return { options: first, done }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, done }
  return { options: { port: first, host: typeof second === 'string' ? second : undefined }, done }
}

function closedError() {
  return Object.assign(new Error('the socket is closed'), { code: 'ERR_SOCKET_CLOSED' })
}
