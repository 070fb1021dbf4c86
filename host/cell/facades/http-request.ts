import type { TlsWishes } from '#src/sandbox/sockets/socket-protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import { countOf, recordOf } from '../workers/results.ts'
import { FacadeError } from './facade-error.ts'
import { readHost, type Target } from './origins.ts'
import { readTls } from './tls-options.ts'

/** A request of a plugin's after all checks: nothing in it can be read in two ways. */
export interface HttpRequest {
  readonly target: Target
  readonly method: string
  /** With the query, from the first slash on. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: ArrayBuffer | undefined
  readonly timeoutMs: number
  readonly tls: TlsWishes
}

const MAX_URL = 8192
const MAX_HEADERS = 100
const MAX_HEADER_BYTES = 32_768
const MAX_BODY_BYTES = 16 * 2 ** 20
const MAX_TIMEOUT_MS = 600_000
const DEFAULT_TIMEOUT_MS = 60_000

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/
/** What a header may hold: no control characters but the tab, nothing beyond one byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const FORBIDDEN_METHODS = ['CONNECT', 'TRACE', 'TRACK']
/** Set by the host, which frames the message and knows whom it talks to. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
])

/**
 * Reads what came over the port. Shapes that the worker's own code never sends are offences; what a plugin can get wrong
 * is an error.
 *
 * @throws OffenceError, FacadeError `EINVAL`
 */
export function readRequest(value: unknown, body: unknown): HttpRequest {
  const { url, method, headers, timeoutMs, tls } = recordOf(value, 'request')
  if (typeof url !== 'string' || typeof method !== 'string') throw new OffenceError('no request')
  if (body !== undefined && !(body instanceof ArrayBuffer)) throw new OffenceError('no body')
  if (body !== undefined && body.byteLength > MAX_BODY_BYTES)
    throw bad(`a body has at most ${MAX_BODY_BYTES} bytes`)
  const { target, path } = readUrl(url)
  return {
    target,
    method: readMethod(method),
    path,
    headers: readHeaders(headers),
    body,
    timeoutMs:
      timeoutMs === undefined
        ? DEFAULT_TIMEOUT_MS
        : Math.min(Math.max(countOf(timeoutMs, 'timeout'), 1), MAX_TIMEOUT_MS),
    tls: readTls(tls ?? {}),
  }
}

/** @throws FacadeError `EINVAL` */
export function readUrl(text: string, schemes: readonly string[] = ['http', 'https']) {
  const url = text.length <= MAX_URL ? URL.parse(text) : null
  const scheme = schemes.find((known) => url?.protocol === `${known}:`) as Target['scheme']
  if (url === null || scheme === undefined)
    throw bad(`"${text.slice(0, 100)}" is no address of ${schemes.join(' or ')}`)
  if (url.username !== '' || url.password !== '')
    throw bad('a user and a password are no part of an address: send them as a header')
  const host = readHost(url.hostname)
  if (host === undefined) throw bad(`"${url.hostname.slice(0, 100)}" is no name of a host`)
  const own = scheme === 'https' || scheme === 'wss' ? 443 : 80
  const port = url.port === '' ? own : Number(url.port)
  if (port === 0) throw bad('there is no port 0')
  return { target: { scheme, host, port } satisfies Target, path: `${url.pathname}${url.search}` }
}

function readMethod(method: string): string {
  const upper = method.toUpperCase()
  if (!TOKEN.test(method) || FORBIDDEN_METHODS.includes(upper))
    throw bad(`method "${method.slice(0, 20)}" is not allowed`)
  return upper
}

/** @throws OffenceError, FacadeError `EINVAL` */
export function readHeaders(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > 10_000) throw new OffenceError('no headers')
  if (value.length > 2 * MAX_HEADERS) throw bad(`a request has at most ${MAX_HEADERS} headers`)
  const headers: string[] = []
  let bytes = 0
  for (let at = 0; at + 1 < value.length; at += 2) {
    const [name, text]: unknown[] = [value[at], value[at + 1]]
    if (typeof name !== 'string' || typeof text !== 'string') throw new OffenceError('no header')
    if (!TOKEN.test(name)) throw bad(`"${name.slice(0, 40)}" is no name of a header`)
    if (!VALUE.test(text)) throw bad(`header "${name}" holds characters that no header may hold`)
    bytes += name.length + text.length
    if (bytes > MAX_HEADER_BYTES) throw bad(`headers have at most ${MAX_HEADER_BYTES} characters`)
    const lower = name.toLowerCase()
    if (!OWN_HEADERS.has(lower) && !lower.startsWith('proxy-')) headers.push(lower, text)
  }
  return headers
}

function bad(message: string): FacadeError {
  return new FacadeError('EINVAL', message)
}
