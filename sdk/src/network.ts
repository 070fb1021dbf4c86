/** What a plugin says of TLS. The handshake is the host's: certificates are always checked, and that cannot be left out. */
export interface TlsOptions {
  /** The name that the certificate must have. @default the host that is connected to */
  readonly servername?: string | undefined
  /** PEM of the authorities to trust, in the place of the known ones. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** PEM of the plugin's own certificate, for peers that ask for one. */
  readonly cert?: string | Uint8Array | undefined
  /** PEM of its key. */
  readonly key?: string | Uint8Array | undefined
  /** Protocols for ALPN, the preferred one first. */
  readonly alpn?: readonly string[] | undefined
}

/** Where to connect to: needs the power `network` for exactly this `tcp://host:port`, with `tls` for `tls://host:port`. */
export interface ConnectOptions {
  readonly host: string
  readonly port: number
  /** TLS from the first byte on. @default false */
  readonly tls?: boolean | TlsOptions | undefined
  /** Until the connection stands, looking up the name included, ms; at most 60000. @default 10000 */
  readonly timeoutMs?: number | undefined
}

/** What became of a handshake. */
export interface TlsFacts {
  /** `TLSv1.3` */
  readonly protocol?: string | undefined
  readonly cipher?: string | undefined
  readonly alpn?: string | undefined
  /** SHA-256 of the peer's certificate. */
  readonly fingerprint?: string | undefined
}

/**
 * A duplex connection that the host keeps. What comes is read by iterating, or by one listener; as long as nobody reads, at
 * most 256 KiB wait and the peer is held back. It is closed with the rule.
 *
 * @example
 * export class Lines implements RowSink {
 *   readonly accepts = 'rows'
 *   #connection?: Connection
 *   configure() {}
 *   async open(ctx: SinkContext) {
 *     this.#connection = await ctx.connect({ host: 'db', port: 3000 })
 *   }
 *   async collect(_ctx: SinkContext, rows: Row[]) {
 *     for (const row of rows) await this.#connection?.write(`${JSON.stringify(row)}\n`)
 *   }
 *   async close() {
 *     await this.#connection?.end()
 *   }
 * }
 */
export interface Connection extends AsyncIterable<Uint8Array> {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** `undefined` as long as it is clear text. */
  readonly tls: TlsFacts | undefined
  /** Resolves when there is room for more. A text is sent as UTF-8. */
  write(data: string | Uint8Array): Promise<void>
  /** Takes the place of iterating. What the listener throws ends the rule; room is given back when its promise settles. */
  onData(listener: (bytes: Uint8Array) => void | Promise<void>): void
  /** Writes no more, and goes on reading. Resolves when all that was written has left. */
  end(): Promise<void>
  /** At once; what waits is lost. */
  close(): void
  /** Resolves when the connection is gone, rejects with the reason if that was an error. */
  readonly closed: Promise<void>
  /** Turns a `tcp` connection to TLS, where its protocol does so (STARTTLS). */
  startTls(options?: TlsOptions): Promise<void>
}

/** What is asked of a server. */
export interface FetchOptions {
  /** Not CONNECT or TRACE. @default 'GET' */
  readonly method?: string | undefined
  /** `Host`, `Connection`, `Content-Length` and others that frame a message are set by the host. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | Iterable<readonly [string, string]>
    | undefined
  /** At most 16 MiB; a stream is read to its end first. */
  readonly body?: string | Uint8Array | ArrayBuffer | URLSearchParams | object | null | undefined
  readonly signal?: AbortSignal | null | undefined
  /** `error`: a redirect is an error. It is never followed: `follow` gives the answer with its `location`. */
  readonly redirect?: 'follow' | 'manual' | 'error' | undefined
  /** Until the end of the answer, ms; at most 600000. @default 60000 */
  readonly timeoutMs?: number | undefined
  readonly tls?: TlsOptions | undefined
}

/** Headers of an answer, by names in any case. */
export interface FetchHeaders extends Iterable<[string, string]> {
  get(name: string): string | null
  has(name: string): boolean
  getSetCookie(): string[]
}

/** An answer, as the platform's `Response`. */
export interface FetchResponse {
  readonly status: number
  readonly statusText: string
  /** Status 200 to 299. */
  readonly ok: boolean
  readonly url: string
  readonly headers: FetchHeaders
  /** By pieces, as they come; the server waits while nobody reads. */
  readonly body: AsyncIterable<Uint8Array> | null
  readonly bodyUsed: boolean
  /** All of it, at most 64 MiB; as the other three. */
  text(): Promise<string>
  json(): Promise<unknown>
  bytes(): Promise<Uint8Array>
  arrayBuffer(): Promise<ArrayBuffer>
}

/** The granted part of the network. What was not granted fails with code `ERR_PLUGIN_DENIED`, which says how to grant it. */
export interface Network {
  /**
   * Opens a connection. Fails with the system's `code` (`ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT`), that of TLS
   * (`ERR_TLS_CERT_ALTNAME_INVALID`), or `ERR_PLUGIN_LIMIT`: a package has 64 connections in a rule at most.
   */
  connect(options: ConnectOptions): Promise<Connection>
  /** As the global `fetch`: needs the power `network` for the origin, `https://api.example.com`. */
  fetch(url: string | URL, options?: FetchOptions): Promise<FetchResponse>
}
