/*
 * What a plugin's worker and the host say to each other about a socket. Plain data: what a plugin has given is copied
 * before, and checked by the host anyway.
 */

/** Bytes under way in each direction, at most: whoever sends more than the other side has room for breaks the protocol. */
export const WINDOW_BYTES = 262_144

export interface SocketTarget {
  readonly host: string
  readonly port: number
  /** TLS from the first byte on. */
  readonly tls?: TlsWishes | undefined
  readonly timeoutMs?: number | undefined
  /** A WebSocket, which the host opens before anything else is sent. */
  readonly upgrade?: UpgradeWishes | undefined
}

export interface UpgradeWishes {
  /** With the query, from the first slash on. */
  readonly path: string
  readonly protocols: readonly string[]
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Of a client that checks the answer itself. */
  readonly key?: string | undefined
}

/** What the server of a WebSocket has agreed to. */
export interface UpgradeFacts {
  readonly protocol: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

/** What a plugin may say of TLS: a name, authorities of its own peer, who it is itself. Never to leave the check out. */
export interface TlsWishes {
  readonly servername?: string | undefined
  /** PEM; in the place of the authorities that are known anyway. */
  readonly ca?: string | undefined
  /** PEM */
  readonly cert?: string | undefined
  /** PEM */
  readonly key?: string | undefined
  readonly alpn?: readonly string[] | undefined
}

/** What a plugin learns of a connection that stands. */
export interface TlsFacts {
  readonly protocol: string | undefined
  readonly cipher: string | undefined
  readonly alpn: string | undefined
  /** SHA-256 of the peer's certificate. */
  readonly fingerprint: string | undefined
}

export interface OpenedSocket {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily: string | undefined
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly tls: TlsFacts | undefined
  readonly websocket?: UpgradeFacts | undefined
}
