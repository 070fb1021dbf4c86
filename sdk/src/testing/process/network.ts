import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import type { Connection, ConnectOptions, Network, TlsOptions } from '../../network.ts'
import { denied } from './powers.ts'

/** Node's own network, for the origins that the test grants. */
export function processNetwork(granted: readonly string[]): Network {
  const refuse = (origin: string) => {
    if (!granted.includes(origin)) throw denied('network', origin)
  }
  return {
    async connect(options) {
      const { host, port, tls } = options
      const isTls = tls !== undefined && tls !== false
      refuse(`${isTls ? 'tls' : 'tcp'}://${host}:${port}`)
      const socket = await opened(options)
      return connection(socket, options)
    },
    async fetch(url, options = {}) {
      refuse(new URL(url).origin)
      const { timeoutMs = 60_000, tls: _tls, body, signal, ...rest } = options
      const late = AbortSignal.timeout(timeoutMs)
      return fetch(url, {
        ...(rest as RequestInit),
        ...(body === undefined ? {} : { body: body as BodyInit }),
        redirect: options.redirect === 'error' ? 'error' : 'manual',
        signal: signal ? AbortSignal.any([signal, late]) : late,
      }) as never
    },
  }
}

async function opened({ host, port, tls, timeoutMs = 10_000 }: ConnectOptions): Promise<Socket> {
  const isTls = tls !== undefined && tls !== false
  const socket = isTls
    ? connectTls({ host, port, servername: host, ...tlsOf(tls === true ? {} : tls) })
    : connectTcp({ host, port })
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', {
      signal: AbortSignal.timeout(timeoutMs),
    })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function tlsOf({ alpn, ca, cert, key, servername }: TlsOptions): object {
  const parts = { ca, cert, key, servername, ALPNProtocols: alpn }
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}

function connection(first: Socket, { host }: ConnectOptions): Connection {
  let socket = first
  const closed = Promise.withResolvers<void>()
  closed.promise.catch(() => {})
  const watch = (each: Socket) => {
    each.on('error', (error) => closed.reject(error))
    each.on('close', () => each === socket && closed.resolve())
  }
  watch(socket)
  const sent = (send: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) =>
      send((error) => (error == null ? resolve() : reject(error))),
    )
  return {
    remoteAddress: first.remoteAddress ?? '',
    remotePort: first.remotePort ?? 0,
    localAddress: first.localAddress ?? '',
    localPort: first.localPort ?? 0,
    get tls() {
      if (!(socket instanceof TLSSocket)) return undefined
      const alpn = socket.alpnProtocol
      return {
        protocol: socket.getProtocol() ?? undefined,
        cipher: socket.getCipher().name,
        alpn: typeof alpn === 'string' ? alpn : undefined,
      }
    },
    write: (data) => sent((done) => socket.write(data, done)),
    onData(listener) {
      socket.on('data', async (bytes: Buffer) => {
        socket.pause()
        await listener(new Uint8Array(bytes))
        socket.resume()
      })
    },
    end: () => sent((done) => socket.end(() => done())),
    close: () => void socket.destroy(),
    closed: closed.promise,
    async startTls(options = {}) {
      socket = connectTls({ socket: first, servername: host, ...tlsOf(options) })
      watch(socket)
      await once(socket, 'secureConnect')
    },
    async *[Symbol.asyncIterator]() {
      for await (const bytes of socket) yield new Uint8Array(bytes as Buffer)
    },
  }
}
