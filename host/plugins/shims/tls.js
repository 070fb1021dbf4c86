import { denied, deniedClass } from './net-denied.js'
import { handleOf, readArguments, Socket, setHandle } from './net-socket.js'

/**
 * `node:tls` of a sandboxed plugin. Handshake, keys and checks are the host's: a plugin says which name it means, which
 * authority it trusts beside or instead of the known ones, and who it is itself.
 */
export class TLSSocket extends Socket {
  #facts = {}
  #inner

  constructor(inner, options = {}) {
    super(options)
    this.encrypted = true
    this.authorized = false
    this.authorizationError = null
    this.alpnProtocol = null
    this.servername = options.servername
    if (inner !== undefined && inner !== null) this.#over(inner, options)
  }

  getProtocol() {
    return this.#facts.protocol ?? null
  }

  getCipher() {
    const { cipher, protocol } = this.#facts
    return { name: cipher, standardName: cipher, version: protocol }
  }

  /** The host has checked it; only its fingerprint comes over. */
  getPeerCertificate() {
    const { fingerprint } = this.#facts
    return fingerprint === undefined ? {} : { fingerprint256: fingerprint }
  }

  getSession() {
    return undefined
  }

  isSessionReused() {
    return false
  }

  setServername() {}

  setMaxSendFragment() {
    return true
  }

  disableRenegotiation() {}

  enableTrace() {}

  /** @internal */
  _opened(facts) {
    super._opened(facts)
    this.#secured(facts.tls)
  }

  /** @internal */
  _heard(event, detail) {
    if (event === 'secure') this.#secured(detail)
    else super._heard(event, detail)
  }

  _destroy(error, done) {
    super._destroy(error, (failure) => {
      done(failure)
      // After the error: who listens to both is to hear of the reason first.
      process.nextTick(() => this.#inner?.destroy())
    })
  }

  #over(inner, options) {
    const handle = handleOf(inner)
    if (handle === undefined && !inner.connecting)
      throw denied('TLS over a stream that is no socket of the host')
    this.#inner = inner
    this.connecting = true
    this.remoteAddress = inner.remoteAddress
    this.remotePort = inner.remotePort
    this.remoteFamily = inner.remoteFamily
    inner.once('error', (error) => this.destroy(error))
    inner.once('close', () => this.destroy())
    const secure = () => {
      const held = handleOf(inner)
      setHandle(this, held)
      // What is destroyed from here on is this one; the plain socket follows it.
      held.secure(wishesOf(options), (event, detail) => this._heard(event, detail))
      this._handled()
    }
    if (inner.connecting) inner.once('connect', secure)
    else process.nextTick(secure)
  }

  #secured(facts = {}) {
    this.#facts = facts
    this.connecting = false
    this.pending = false
    this.authorized = true
    this.alpnProtocol = facts.alpn ?? false
    this.emit('secure')
    this.emit('secureConnect')
  }
}

export function connect(...given) {
  const { options: first, done } = readArguments(given)
  const more = given.find((each, i) => i > 0 && typeof each === 'object' && each !== null)
  const options = { ...first, ...more }
  const refusal = refusalOf(options)
  if (refusal !== undefined) {
    // As an error of the connection: a driver expects nothing to be thrown here.
    const refused = new TLSSocket(undefined, options)
    process.nextTick(() => refused.destroy(refusal))
    refused.once('close', () => options.socket?.destroy())
    return refused
  }
  const socket = new TLSSocket(options.socket, options)
  if (done !== undefined) socket.once('secureConnect', done)
  if (options.timeout) socket.setTimeout(options.timeout)
  if (options.socket === undefined || options.socket === null) {
    const { host = 'localhost', port } = options
    socket._start({ host, port, tls: wishesOf(options) })
  }
  return socket
}

/** What would say who the plugin is, or whom it does not trust: left out, the connection would be another one. */
const UNKNOWN = ['pfx', 'passphrase', 'crl']

function refusalOf(options) {
  const { rejectUnauthorized, path } = options
  if (path !== undefined) return denied(`the socket file ${path}`)
  const unknown = UNKNOWN.find((name) => options[name] !== undefined && options[name] !== null)
  if (unknown !== undefined) return denied(`${unknown} of tls: give ca, cert and key as PEM`)
  if (rejectUnauthorized !== false) return undefined
  return denied(
    'rejectUnauthorized: false; the host always checks, give the authority of the peer as ca',
  )
}

function wishesOf(options) {
  const context = options.secureContext?.options ?? {}
  const { ca = context.ca, cert = context.cert, key = context.key } = options
  const alpn = options.ALPNProtocols
  return {
    servername: options.servername || undefined,
    ca: ca ?? undefined,
    cert: cert ?? undefined,
    key: key ?? undefined,
    alpn: Array.isArray(alpn) ? alpn.map(String) : undefined,
  }
}

export function createSecureContext(options = {}) {
  const { ca, cert, key } = options
  return Object.freeze({ options: Object.freeze({ ca, cert, key }), context: Object.freeze({}) })
}

/** Done by the host, always. */
export function checkServerIdentity() {
  return undefined
}

export function getCiphers() {
  return []
}

export function createServer() {
  throw denied('listening on a port')
}

export const Server = deniedClass('listening on a port')
export const rootCertificates = Object.freeze([])
export const DEFAULT_MIN_VERSION = 'TLSv1.2'
export const DEFAULT_MAX_VERSION = 'TLSv1.3'
export const DEFAULT_ECDH_CURVE = 'auto'

export default {
  TLSSocket,
  Server,
  connect,
  createSecureContext,
  checkServerIdentity,
  getCiphers,
  createServer,
  rootCertificates,
  DEFAULT_MIN_VERSION,
  DEFAULT_MAX_VERSION,
  DEFAULT_ECDH_CURVE,
}
