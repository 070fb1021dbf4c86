import { readTls } from '../sockets/socket-options.ts'
import type { TlsWishes } from '../sockets/socket-protocol.ts'
import { PluginHeaders } from '../web/headers.ts'
import { PluginUrl } from '../wrap-url.ts'

export interface WebSocketAddress {
  readonly href: string
  readonly origin: string
  readonly isSecure: boolean
  readonly host: string
  readonly port: number
  readonly path: string
}

export interface WebSocketWishes {
  readonly protocols: readonly string[]
  readonly headers: readonly string[]
  readonly tls: TlsWishes
  readonly timeoutMs: number | undefined
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/
const MAX_PROTOCOLS = 16
const schemes: Readonly<Record<string, string>> = {
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'ws:',
  'https:': 'wss:',
}

/** @throws Error named `SyntaxError` */
export function readAddress(value: unknown): WebSocketAddress {
  let url: URL
  try {
    url = new PluginUrl(`${value}`) as unknown as URL
  } catch {
    throw wrong(`"${`${value}`.slice(0, 100)}" is no address`)
  }
  const scheme = Object.hasOwn(schemes, url.protocol) ? schemes[url.protocol] : undefined
  if (scheme === undefined) throw wrong(`"${url.protocol}" is not ws: or wss:`)
  if (url.hash !== '' || url.href.endsWith('#')) throw wrong('the address has a fragment')
  if (url.username !== '' || url.password !== '')
    throw wrong('a user and a password are no part of an address: send them as a header')
  const isSecure = scheme === 'wss:'
  const origin = `${scheme}//${url.host}`
  const path = `${url.pathname}${url.search}`
  return {
    ...{ href: `${origin}${path}`, origin, isSecure, path },
    host: url.hostname,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
  }
}

/** Protocols as the platform takes them, or `{ protocols, headers, tls, timeoutMs }`; each property read once. */
export function readOptions(value: unknown): WebSocketWishes {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  const options = (isRecord ? value : { protocols: value }) as Readonly<Record<string, unknown>>
  const { protocols = [], headers, tls, timeoutMs } = options
  const list = (Array.isArray(protocols) ? [...protocols] : [protocols]).map((name) => `${name}`)
  if (list.length > MAX_PROTOCOLS) throw wrong(`at most ${MAX_PROTOCOLS} protocols are offered`)
  if (!list.every((name) => TOKEN.test(name)) || new Set(list).size < list.length)
    throw wrong('protocols are different names')
  const pairs = new PluginHeaders(headers as ConstructorParameters<typeof PluginHeaders>[0])
  return {
    protocols: list,
    headers: [...pairs].flat(),
    tls: readTls(tls),
    timeoutMs: timeoutMs === undefined ? undefined : readMs(timeoutMs),
  }
}

function readMs(value: unknown): number {
  const ms = Math.floor(Number(value))
  if (ms >= 1) return Math.min(ms, 60_000)
  throw new TypeError('WebSocket: timeoutMs is at least 1')
}

function wrong(message: string): Error {
  return Object.assign(new Error(`WebSocket: ${message}`), { name: 'SyntaxError' })
}
