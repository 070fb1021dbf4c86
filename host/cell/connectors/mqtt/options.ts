import { readFileSync } from 'node:fs'
import type { SecureVersion } from 'node:tls'
import type { IClientOptions } from 'mqtt'
import type { Properties } from '../properties.ts'

/** Where a broker is and how to speak to it. */
export interface BrokerOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsOptions | undefined
  readonly client: IClientOptions
  /** The longest wait before another attempt to connect. */
  readonly maxReconnectMs: number
  /** As written, without credentials: for logs and errors. */
  readonly address: string
}

export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  readonly minVersion: SecureVersion
}

const SCHEMES = ['tcp', 'mqtt', 'ssl', 'tls', 'mqtts', 'tcps'] as const
const MIN_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  'tls1.0': 'TLSv1',
  'tls1.1': 'TLSv1.1',
  'tls1.2': 'TLSv1.2',
  'tls1.3': 'TLSv1.3',
}

const MAX_RECONNECT_MS = 5000
/** In flight from a broker that speaks MQTT 5, at most. */
const RECEIVE_MAXIMUM = 1000
/** For how long a broker that speaks MQTT 5 keeps a session: for ever. */
const NO_EXPIRY = 0xffff_ffff

/**
 * Reads the properties that source and sink have in common. `clientId` is used where none is given.
 *
 * @param keepsSession the broker keeps what comes while nobody is here
 */
export function readBrokerOptions(
  read: Properties,
  clientId: string,
  keepsSession = false,
): BrokerOptions {
  const server = read.text('server') ?? firstServer(read) ?? 'tcp://127.0.0.1:1883'
  const url = URL.parse(/^[a-z]+:\/\//i.test(server) ? server : `tcp://${server}`)
  if (url === null || !(SCHEMES as readonly string[]).includes(url.protocol.slice(0, -1))) {
    read.refuse('server', `must look like tcp://host:1883 or ssl://host:8883, not "${server}"`)
  }
  const isSecure = !['tcp:', 'mqtt:'].includes(url.protocol)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (isSecure ? 8883 : 1883) : Number(url.port)
  const version = read.choice('protocolVersion', '3.1.1', ['3.1', '3.1.1', '5'])
  const username = read.text('username') ?? (decodeURIComponent(url.username) || undefined)
  const password = read.text('password') ?? (decodeURIComponent(url.password) || undefined)
  return {
    host,
    port,
    address: `${url.protocol}//${host}:${port}`,
    tls: isSecure ? readTls(read) : undefined,
    maxReconnectMs: Math.max(1, read.duration('maxReconnectDelay', MAX_RECONNECT_MS)),
    client: {
      protocolId: version === '3.1' ? 'MQIsdp' : 'MQTT',
      protocolVersion: version === '3.1' ? 3 : version === '5' ? 5 : 4,
      clientId: read.text('clientid') || clientId,
      clean: !keepsSession,
      ...(version === '5' && keepsSession
        ? {
            properties: {
              receiveMaximum: RECEIVE_MAXIMUM,
              sessionExpiryInterval: NO_EXPIRY,
            },
          }
        : {}),
      keepalive: 60,
      reschedulePings: true,
      reconnectPeriod: 1000,
      connectTimeout: 30_000,
      resubscribe: false,
      queueQoSZero: false,
      log: () => {},
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    },
  }
}

/** `servers: [tcp://…]` of Kuiper's older files. */
function firstServer(read: Properties): string | undefined {
  const first = read.list('servers')?.[0]
  return typeof first === 'string' ? first : undefined
}

function readTls(read: Properties): TlsOptions {
  const minVersion = MIN_VERSIONS[read.choice('tlsMinVersion', 'tls1.2', Object.keys(MIN_VERSIONS))]
  return {
    rejectUnauthorized: !read.flag('insecureSkipVerify', false),
    ca: material(read, 'rootCaPath', 'rootCARaw'),
    cert: material(read, 'certificationPath', 'certficationRaw'),
    key: material(read, 'privateKeyPath', 'privateKeyRaw'),
    minVersion: minVersion ?? 'TLSv1.2',
  }
}

/** A certificate or key from a file, or base64 in the property itself. */
function material(read: Properties, path: string, raw: string): Buffer | undefined {
  const inline = read.text(raw)
  if (inline !== undefined && inline !== '') return Buffer.from(inline, 'base64')
  const file = read.path(path)
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    return read.refuse(path, `cannot be read: ${(error as Error).message}`)
  }
}
