import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { UpgradedSocket, upgradeOf, wantsWebSocket } from './http-upgrade.js'
import { denied } from './net-denied.js'

/** An answer of `fetch` as Node's stream. */
export class IncomingMessage extends Readable {
  #reader

  constructor(response) {
    super()
    this.statusCode = response?.status
    this.statusMessage = response?.statusText
    this.httpVersion = '1.1'
    this.httpVersionMajor = 1
    this.httpVersionMinor = 1
    this.complete = false
    this.aborted = false
    this.url = ''
    this.method = null
    this.headers = {}
    this.rawHeaders = []
    this.trailers = {}
    this.rawTrailers = []
    this.socket = null
    for (const [name, value] of response?.headers ?? []) {
      this.rawHeaders.push(name, value)
      if (name === 'set-cookie') this.headers[name] = [...(this.headers[name] ?? []), value]
      else this.headers[name] = value
    }
    this.#reader = response?.body?.getReader()
  }

  get connection() {
    return this.socket
  }

  setTimeout() {
    return this
  }

  _read() {
    if (this.#reader === undefined) {
      this.complete = true
      this.push(null)
      return
    }
    this.#reader.read().then(
      ({ done, value }) => {
        if (done) this.complete = true
        this.push(done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength))
      },
      (error) => {
        this.aborted = true
        this.destroy(error)
      },
    )
  }

  _destroy(error, done) {
    if (!this.complete) this.#reader?.cancel().catch(() => {})
    done(error)
  }
}

function answerOf(flat) {
  const headers = []
  for (let at = 0; at + 1 < flat.length; at += 2) headers.push([flat[at], flat[at + 1]])
  return new IncomingMessage({ status: 101, statusText: 'Switching Protocols', headers })
}

/** A request that is gathered and sent by `fetch`: its limits are the ones that count. */
export class ClientRequest extends Writable {
  #headers = new Map()
  #chunks = []
  #options
  #timer
  #abort = new AbortController()
  #answer

  constructor(options) {
    // Its end is that of the answer, not that of the body.
    super({ autoDestroy: false })
    this.#options = options
    this.method = (options.method ?? 'GET').toUpperCase()
    this.path = options.path
    this.host = options.host
    this.protocol = options.protocol
    this.reusedSocket = false
    this.aborted = false
    this.finished = false
    this.headersSent = false
    this.socket = null
    for (const [name, value] of headersOf(options.headers)) this.setHeader(name, value)
    if (options.auth)
      this.setHeader('authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`)
    if (options.timeout) this.setTimeout(options.timeout)
    options.signal?.addEventListener('abort', () => this.destroy(options.signal.reason))
  }

  setHeader(name, value) {
    this.#headers.set(String(name).toLowerCase(), [name, value])
    return this
  }

  getHeader(name) {
    return this.#headers.get(String(name).toLowerCase())?.[1]
  }

  hasHeader(name) {
    return this.#headers.has(String(name).toLowerCase())
  }

  removeHeader(name) {
    this.#headers.delete(String(name).toLowerCase())
  }

  getHeaders() {
    return Object.fromEntries([...this.#headers].map(([key, [, value]]) => [key, value]))
  }

  getHeaderNames() {
    return [...this.#headers.keys()]
  }

  getRawHeaderNames() {
    return [...this.#headers.values()].map(([name]) => name)
  }

  flushHeaders() {}

  setNoDelay() {}

  setSocketKeepAlive() {}

  setTimeout(ms, listener) {
    if (listener !== undefined) this.once('timeout', listener)
    clearTimeout(this.#timer)
    if (ms > 0) this.#timer = setTimeout(() => this.emit('timeout'), ms)
    return this
  }

  abort() {
    if (this.aborted) return
    this.aborted = true
    this.emit('abort')
    this.destroy()
  }

  _write(chunk, _encoding, done) {
    this.#chunks.push(chunk)
    done()
  }

  _final(done) {
    this.finished = true
    this.headersSent = true
    this.#send().catch((error) => this.destroy(error))
    done()
  }

  _destroy(error, done) {
    clearTimeout(this.#timer)
    this.#abort.abort(error ?? new Error('socket hang up'))
    if (this.#answer !== undefined && !this.#answer.complete) this.#answer.destroy(error)
    if (error || this.#answer !== undefined) return done(error)
    done(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
  }

  async #send() {
    const { protocol, host, port, path, ca, cert, key, servername, rejectUnauthorized } =
      this.#options
    if (rejectUnauthorized === false)
      throw denied('rejectUnauthorized: false; the host always checks, give the authority as ca')
    const tls = { ca, cert, key, servername }
    if (wantsWebSocket(this.getHeaders())) return this.#upgrade(tls)
    const headers = []
    for (const [name, value] of this.#headers.values())
      for (const each of Array.isArray(value) ? value : [value]) headers.push([name, String(each)])
    const isBare = this.#chunks.length === 0 || this.method === 'GET' || this.method === 'HEAD'
    const place = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
    const response = await fetch(`${protocol}//${place}${port ? `:${port}` : ''}${path}`, {
      method: this.method,
      headers,
      body: isBare ? undefined : Buffer.concat(this.#chunks),
      signal: this.#abort.signal,
      ...(Object.values(tls).some((each) => each !== undefined) && { tls }),
    })
    clearTimeout(this.#timer)
    if (this.destroyed) return
    const answer = new IncomingMessage(response)
    this.#answer = answer
    this.res = answer
    answer.once('close', () => this.destroy())
    if (!this.emit('response', answer)) answer.resume()
  }

  #upgrade(tls) {
    const { protocol, host, port, path } = this.#options
    const isSecure = protocol === 'https:'
    const socket = new UpgradedSocket()
    const failed = (error) => this.destroy(error)
    const abandoned = () => socket.destroy()
    socket.once('error', failed)
    this.once('close', abandoned)
    socket.once('connect', () => {
      clearTimeout(this.#timer)
      socket.off('error', failed)
      this.off('close', abandoned)
      const answer = answerOf(socket.answer)
      this.res = answer
      this.socket = socket
      if (!this.emit('upgrade', answer, socket, Buffer.alloc(0))) socket.destroy()
    })
    socket._start({
      host,
      port: port ?? (isSecure ? 443 : 80),
      tls: isSecure ? tls : undefined,
      upgrade: upgradeOf(path, this.getHeaders()),
    })
  }
}

/** What `http` and `https` have in common: `request` and `get` for one protocol. */
export function clientOf(protocol) {
  function request(...given) {
    const done = given.find((each) => typeof each === 'function')
    const made = new ClientRequest(readOptions(given, protocol))
    if (done !== undefined) made.once('response', done)
    return made
  }
  function get(...given) {
    const made = request(...given)
    made.end()
    return made
  }
  return { request, get }
}

/** Nothing is kept by the plugin: the host keeps connections. */
export class Agent {
  constructor(options = {}) {
    this.options = options
    this.maxSockets = options.maxSockets ?? Infinity
    this.maxFreeSockets = options.maxFreeSockets ?? 256
    this.keepAlive = options.keepAlive === true
    this.requests = {}
    this.sockets = {}
    this.freeSockets = {}
  }

  destroy() {}
}

function readOptions(given, protocol) {
  const [first, second] = given
  const isUrl = typeof first === 'string' || first instanceof URL
  const base = isUrl ? fromUrl(new URL(first)) : {}
  const more = isUrl ? second : first
  const options = { ...base, ...(typeof more === 'object' && more !== null ? more : {}) }
  if (options.socketPath !== undefined) throw denied(`the socket file ${options.socketPath}`)
  const wanted = options.protocol ?? protocol
  if (wanted !== protocol) {
    const text = `Protocol "${wanted}" not supported. Expected "${protocol}"`
    throw Object.assign(new TypeError(text), { code: 'ERR_INVALID_PROTOCOL' })
  }
  return {
    ...options,
    protocol,
    host: options.hostname ?? options.host ?? 'localhost',
    port: options.port ?? options.defaultPort,
    path: options.path ?? '/',
  }
}

function fromUrl(url) {
  const auth =
    url.username === ''
      ? undefined
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port === '' ? undefined : url.port,
    path: url.pathname + url.search,
    ...(auth === undefined ? {} : { auth }),
  }
}

function headersOf(headers) {
  if (headers === undefined || headers === null) return []
  if (!Array.isArray(headers))
    return Object.entries(headers).filter(([, value]) => value !== undefined)
  if (headers.every(Array.isArray)) return headers
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []))
}
