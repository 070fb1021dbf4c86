import type { Agent } from 'node:http'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { type Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import type { FacadeEnd } from './facade.ts'
import { FacadeError } from './facade-error.ts'
import type { HttpRequest } from './http-request.ts'
import { originOf } from './origins.ts'
import { errorOf, type PlainError, plainErrorOf } from './plain-error.ts'

/** Bytes of an answer that wait for the plugin, at most. */
export const BODY_WINDOW_BYTES = 262_144
const MAX_BODY_BYTES = 2 ** 30
/** Smaller pieces are copied: moving a buffer costs more than copying so much. */
const MOVE_BYTES = 4096
const MAX_HEADER_BYTES = 65_536

export interface ExchangeOptions {
  readonly id: number
  readonly request: HttpRequest
  readonly agents: { readonly http: Agent; readonly https: HttpsAgent }
  readonly lookup: LookupFunction
  push(event: string, args: readonly unknown[], move?: readonly ArrayBuffer[]): void
  /** Called once, when nothing comes of it any more. */
  gone(): void
}

/** The head of an answer. */
export interface HttpAnswer {
  readonly status: number
  readonly statusText: string
  /** Names and values in turn, as they came. */
  readonly headers: readonly string[]
}

/** One request and its answer: the head in one piece, the body by credit. Over when it ends, fails, or its time is up. */
export class HttpExchange {
  readonly #options: ExchangeOptions
  readonly #what: string
  readonly #head = Promise.withResolvers<HttpAnswer>()
  readonly #timer: NodeJS.Timeout
  #request: ClientRequest | undefined
  #answer: IncomingMessage | undefined
  #unread = 0
  #bytes = 0
  #isOver = false

  constructor(options: ExchangeOptions) {
    this.#options = options
    const { target, method, timeoutMs } = options.request
    this.#what = `${method} ${originOf(target)}`
    const late = { code: 'ETIMEDOUT', message: `${this.#what}: no answer in ${timeoutMs} ms` }
    this.#timer = setTimeout(() => this.#fail(late), timeoutMs)
  }

  send(): Promise<HttpAnswer> {
    this.#try(true)
    return this.#head.promise
  }

  /** The plugin has taken so many bytes. @throws OffenceError for more than it was sent */
  credit(bytes: number): void {
    if (bytes > this.#unread) throw new OffenceError('more bytes taken than were sent')
    this.#unread -= bytes
    if (this.#unread < BODY_WINDOW_BYTES / 2) this.#answer?.resume()
  }

  close(_how?: FacadeEnd): void {
    this.#fail({ code: 'ECONNABORTED', message: `${this.#what}: it was given up` })
  }

  #try(mayRepeat: boolean): void {
    const { request, agents, lookup } = this.#options
    const { target, method, path, headers, body, tls } = request
    const isTls = target.scheme === 'https'
    const { ca, cert, key } = tls
    const name = tls.servername ?? target.host
    const sent = (isTls ? requestHttps : requestHttp)({
      agent: isTls ? agents.https : agents.http,
      host: target.host,
      port: target.port,
      method,
      path,
      headers: [...this.#ownHeaders(), ...headers] as never,
      lookup,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      setHost: false,
      ...(isTls && {
        servername: isIP(name) === 0 ? name : '',
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2' as const,
        checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      }),
    })
    this.#request = sent
    sent.on('response', (answer) => this.#answered(answer))
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy()
      this.#fail({ code: 'EPROTO', message: `${this.#what}: the answer changes the protocol` })
    })
    sent.on('error', (error: Error & { code?: unknown }) => {
      // A connection that was kept, and that the peer has closed meanwhile.
      const isStale = sent.reusedSocket && error.code === 'ECONNRESET' && this.#answer === undefined
      if (isStale && mayRepeat && (method === 'GET' || method === 'HEAD')) this.#try(false)
      else this.#fail(plainErrorOf(error, this.#what))
    })
    sent.end(body === undefined ? undefined : new Uint8Array(body))
  }

  #ownHeaders(): string[] {
    const { target, method, body, headers } = this.#options.request
    const host = originOf(target).slice(originOf(target).indexOf('//') + 2)
    const own = ['host', host, 'connection', 'keep-alive']
    const hasBody = body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method)
    if (hasBody) own.push('content-length', String(body?.byteLength ?? 0))
    // What comes is handed over as it is: the host decompresses nothing.
    if (!headers.some((name, i) => i % 2 === 0 && name === 'accept-encoding'))
      own.push('accept-encoding', 'identity')
    return own
  }

  #answered(answer: IncomingMessage): void {
    if (this.#isOver) {
      answer.destroy()
      return
    }
    this.#answer = answer
    const { id, push } = this.#options
    const { statusCode = 0, statusMessage = '', rawHeaders } = answer
    this.#head.resolve({ status: statusCode, statusText: statusMessage, headers: rawHeaders })
    answer.on('data', (bytes: Buffer) => this.#read(bytes))
    answer.on('end', () => {
      if (!answer.complete || this.#isOver) return
      this.#over()
      push('fetch.end', [id])
    })
    // Cut off in the middle: without this its place would never be free again.
    answer.on('error', (error) => this.#fail(plainErrorOf(error, this.#what)))
    answer.on('close', () => {
      const text = `${this.#what}: the answer was cut off`
      this.#fail({ code: 'ECONNRESET', message: text })
    })
  }

  #read(bytes: Buffer): void {
    if (this.#isOver) return
    const { id, push } = this.#options
    this.#bytes += bytes.byteLength
    if (this.#bytes > MAX_BODY_BYTES) {
      const text = `${this.#what}: the answer has more than ${MAX_BODY_BYTES} bytes`
      this.#fail({ code: 'ERR_PLUGIN_LIMIT', message: text })
      return
    }
    this.#unread += bytes.byteLength
    // The parser's memory is shared by what it has read: a copy goes over.
    const { buffer } = new Uint8Array(bytes)
    push('fetch.data', [id, buffer], bytes.byteLength > MOVE_BYTES ? [buffer] : [])
    if (this.#unread >= BODY_WINDOW_BYTES) this.#answer?.pause()
  }

  #fail(error: PlainError): void {
    if (this.#isOver) return
    const { id, push } = this.#options
    this.#over()
    this.#request?.destroy()
    this.#answer?.destroy()
    if (this.#answer === undefined) this.#head.reject(errorOf(error))
    else push('fetch.failed', [id, error])
  }

  #over(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#options.gone()
  }
}

/** More than an exchange may be open. */
export function tooMany(title: string, count: number): FacadeError {
  return new FacadeError(
    'ERR_PLUGIN_LIMIT',
    `${title} has ${count} requests open, which is the most it may have: read the answers to their end`,
  )
}
