import { OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import { countOf } from '../workers/results.ts'
import type { Facade, FacadeHost } from './facade.ts'
import { FacadeError } from './facade-error.ts'
import { type AskSystem, NameLookup } from './name-lookup.ts'
import { GrantedOrigins, originOf, readHost, type Target } from './origins.ts'
import { PluginSocket } from './plugin-socket.ts'
import { readTls } from './tls-options.ts'
import { readUpgrade } from './websocket-handshake.ts'

/** Connections of one package in one flow, those included that are being made. */
const MAX_SOCKETS = 64
const MAX_TIMEOUT_MS = 60_000
const DEFAULT_TIMEOUT_MS = 10_000
/** Of what a plugin asks for, in the audit trail. */
const MAX_NAME = 253
const schemes = ['tcp', 'tls', 'ws', 'wss'] as const

/** Duplex connections to exactly the `tcp://`, `tls://`, `ws://` and `wss://` origins that were granted. */
export function socketFacade(host: FacadeHost, askSystem?: AskSystem): Facade {
  const { push, powers, isTrusted } = host
  const granted = new GrantedOrigins(powers.network)
  const names = new NameLookup(askSystem)
  const sockets = new Map<number, PluginSocket>()
  /** A connection that has just ended is not known any more: what was still on its way to it is no offence. */
  const known = (id: unknown): PluginSocket | undefined => sockets.get(countOf(id, 'socket'))

  function open(id: number, target: Target, options: Readonly<Record<string, unknown>>) {
    if (!isTrusted && !granted.has(target)) throw host.denied('network', originOf(target))
    if (sockets.size >= MAX_SOCKETS) {
      const text = `${host.title} has ${MAX_SOCKETS} connections, which is the most it may have`
      throw new FacadeError('ERR_PLUGIN_LIMIT', text)
    }
    const socket = new PluginSocket({
      id,
      target,
      tls: readTls(options.tls ?? {}),
      upgrade: target.scheme.startsWith('ws') ? readUpgrade(options.upgrade) : undefined,
      timeoutMs: readTimeout(options.timeoutMs),
      find: (name) => names.find(name),
      push,
      gone: () => sockets.delete(id),
    })
    // Counted before the first wait: otherwise any number could pass the limit meanwhile.
    sockets.set(id, socket)
    return socket.open()
  }

  const methods = new Map<string, Serve>([
    [
      'socket.connect',
      ([id, scheme, name, port, options]) => {
        const number = countOf(id, 'socket')
        if (sockets.has(number)) throw new OffenceError(`socket ${number} is open already`)
        const known = schemes.find((each) => each === scheme)
        if (known === undefined) throw new OffenceError('no scheme')
        if (typeof name !== 'string' || name.length > MAX_NAME) throw new OffenceError('no host')
        if (typeof options !== 'object' || options === null) throw new OffenceError('no options')
        const place = countOf(port, 'port')
        const found = readHost(name)
        if (place < 1 || place > 65_535) throw new OffenceError('no port')
        if (found === undefined) throw host.denied('network', `${known}://${name}:${place}`)
        const target = { scheme: known, host: found, port: place }
        return open(number, target, options as Readonly<Record<string, unknown>>)
      },
    ],
    [
      'socket.write',
      ([id, bytes]) => {
        if (!(bytes instanceof ArrayBuffer)) throw new OffenceError('no bytes')
        known(id)?.write(bytes)
      },
    ],
    ['socket.taken', ([id, bytes]) => known(id)?.credit(countOf(bytes, 'bytes'))],
    [
      'socket.secure',
      ([id, tls]) => {
        const wishes = readTls(tls)
        const socket = known(id)
        if (socket !== undefined) return socket.secure(wishes)
        throw new FacadeError('ECONNABORTED', 'the connection is closed')
      },
    ],
    ['socket.end', ([id]) => known(id)?.end()],
    ['socket.close', ([id]) => known(id)?.close()],
    [
      'socket.keepAlive',
      ([id, isOn, delayMs]) =>
        known(id)?.keepAlive(isOn === true, Math.min(countOf(delayMs, 'delay'), 7_200_000)),
    ],
  ])
  return {
    methods,
    close(how) {
      for (const socket of [...sockets.values()]) socket.close(how)
    },
  }
}

function readTimeout(value: unknown): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS
  return Math.min(Math.max(countOf(value, 'timeout'), 1), MAX_TIMEOUT_MS)
}
