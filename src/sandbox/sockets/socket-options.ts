import { bytesOf } from '../wrap-text.ts'
import type { SocketTarget, TlsWishes, UpgradeWishes } from './socket-protocol.ts'

const decoder = new TextDecoder()

/** A copy of what a plugin gives for a connection, each property read once. @throws TypeError */
export function readTarget(value: unknown): SocketTarget {
  const { host, port, tls, timeoutMs } = recordOf(value, 'connect')
  const number = Number(port)
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new TypeError('connect: port is a whole number from 1 to 65535')
  return {
    host: textOf(host, 253, 'connect: host'),
    port: number,
    tls: tls === undefined || tls === null || tls === false ? undefined : readTls(tls),
    timeoutMs: timeoutMs === undefined ? undefined : readMs(timeoutMs),
  }
}

/** The opening of a WebSocket by a client that speaks the protocol itself. @throws TypeError */
export function readUpgrade(wanted: unknown): UpgradeWishes | undefined {
  const { upgrade } = recordOf(wanted, 'connect')
  if (upgrade === undefined || upgrade === null) return undefined
  const { path, protocols, headers, key } = recordOf(upgrade, 'upgrade')
  if (!Array.isArray(protocols) || !Array.isArray(headers))
    throw new TypeError('upgrade: protocols and headers are lists')
  return {
    path: textOf(path, 8192, 'upgrade: path'),
    protocols: [...protocols].slice(0, 16).map((name) => textOf(name, 256, 'upgrade: protocol')),
    headers: [...headers].slice(0, 200).map((text) => `${text}`),
    key: key === undefined ? undefined : textOf(key, 24, 'upgrade: key'),
  }
}

/** @param value `true` or options @throws TypeError */
export function readTls(value: unknown): TlsWishes {
  if (value === true || value === undefined) return {}
  const { servername, ca, cert, key, alpn } = recordOf(value, 'tls')
  return {
    servername: servername === undefined ? undefined : textOf(servername, 253, 'tls: servername'),
    ca: ca === undefined || ca === null ? undefined : readPem(ca),
    cert: cert === undefined || cert === null ? undefined : readPem(cert),
    key: key === undefined || key === null ? undefined : readPem(key),
    alpn: alpn === undefined || alpn === null ? undefined : readProtocols(alpn),
  }
}

function readPem(value: unknown): string {
  if (Array.isArray(value)) return [...value].slice(0, 200).map(readPem).join('\n')
  const text = typeof value === 'string' ? value : decoder.decode(bytesOf(value))
  if (text.length <= 262_144) return text
  throw new TypeError('tls: certificates have at most 262144 characters')
}

function readProtocols(value: unknown): string[] {
  if (!Array.isArray(value)) throw new TypeError('tls: alpn is a list of names')
  return [...value].slice(0, 8).map((name) => textOf(name, 255, 'tls: alpn'))
}

function readMs(value: unknown): number {
  const ms = Math.floor(Number(value))
  if (ms >= 1) return Math.min(ms, 60_000)
  throw new TypeError('connect: timeoutMs is at least 1')
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${what}: options are wanted`)
  return value as Readonly<Record<string, unknown>>
}

function textOf(value: unknown, length: number, what: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= length) return value
  throw new TypeError(`${what} is a text of at most ${length} characters`)
}
