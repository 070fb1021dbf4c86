import { isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls'
import type { TlsFacts, TlsWishes } from '#src/sandbox/sockets/socket-protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'

/** Reading a hundred certificates takes some milliseconds of the main thread. */
const MAX_PEM = 262_144

/** @throws OffenceError */
export function readTls(value: unknown): TlsWishes {
  if (typeof value !== 'object' || value === null) throw new OffenceError('tls: no options')
  const { servername, ca, cert, key, alpn } = value as Readonly<Record<string, unknown>>
  return {
    servername: textOr(servername, 253, 'servername'),
    ca: textOr(ca, MAX_PEM, 'ca'),
    cert: textOr(cert, MAX_PEM, 'cert'),
    key: textOr(key, MAX_PEM, 'key'),
    alpn: readProtocols(alpn),
  }
}

/** What the handshake goes over: a connection that stands, or the one to make. */
export type TlsPath =
  | { readonly socket: Socket }
  | { readonly port: number; readonly lookup: LookupFunction; readonly autoSelectFamily: boolean }

/** Starts a handshake, over a socket that stands or to an address; certificates are always checked. */
export function startTls(host: string, wishes: TlsWishes, path: TlsPath): TLSSocket {
  const { servername = host, ca, cert, key, alpn } = wishes
  const options: ConnectionOptions & { allowHalfOpen: boolean } = {
    ...path,
    host,
    // A server is not asked for by address (RFC 6066); its certificate is held to the address all the same.
    servername: isIP(servername) === 0 ? servername : '',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(servername, certificate),
    minVersion: 'TLSv1.2',
    allowHalfOpen: true,
  }
  return connect(options)
}

export function factsOf(socket: TLSSocket): TlsFacts {
  return {
    protocol: socket.getProtocol() ?? undefined,
    cipher: socket.getCipher()?.name,
    alpn: socket.alpnProtocol || undefined,
    fingerprint: socket.getPeerCertificate()?.fingerprint256,
  }
}

function textOr(value: unknown, length: number, what: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= length) return value
  throw new OffenceError(`tls: ${what} is no text of at most ${length} characters`)
}

function readProtocols(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  const isName = (name: unknown) => typeof name === 'string' && name.length > 0 && name.length < 256
  if (Array.isArray(value) && value.length <= 8 && value.every(isName)) return value
  throw new OffenceError('tls: alpn is no list of names')
}
