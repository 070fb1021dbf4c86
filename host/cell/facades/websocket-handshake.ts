import { createHash, randomBytes } from 'node:crypto'
import type { UpgradeFacts } from '#src/sandbox/sockets/socket-protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import { recordOf } from '../workers/results.ts'
import { FacadeError } from './facade-error.ts'
import { readHeaders } from './http-request.ts'
import { originOf, type Target } from './origins.ts'

/** What a plugin wants of a server before the connection is its own. */
export interface UpgradeWishes {
  /** With the query, from the first slash on. */
  readonly path: string
  readonly protocols: readonly string[]
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly key: string
}

const PATH = /^\/[\x21-\x7e]{0,8191}$/
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/
const KEY = /^[A-Za-z0-9+/]{22}==$/
const MAX_PROTOCOLS = 16
const MAX_HEAD_BYTES = 16_384
/** RFC 6455, section 1.3. */
const ACCEPT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** @throws OffenceError, FacadeError `EINVAL` */
export function readUpgrade(value: unknown): UpgradeWishes {
  const {
    path,
    protocols,
    headers,
    key = randomBytes(16).toString('base64'),
  } = recordOf(value, 'upgrade')
  if (typeof path !== 'string') throw new OffenceError('upgrade: no path')
  if (!PATH.test(path)) throw new FacadeError('EINVAL', 'that is no path of an address')
  const isName = (name: unknown) => typeof name === 'string' && TOKEN.test(name)
  if (!Array.isArray(protocols) || protocols.length > MAX_PROTOCOLS || !protocols.every(isName))
    throw new OffenceError('upgrade: protocols is no list of names')
  if (typeof key !== 'string' || !KEY.test(key)) throw new OffenceError('upgrade: no key')
  const read = readHeaders(headers)
  const allowed = read.filter((_, at) => !read[at - (at % 2)]?.startsWith('sec-websocket-'))
  return { path, protocols, headers: allowed, key }
}

/**
 * The opening of a WebSocket, done by the host: what a plugin sends reaches only a server that has agreed to speak this
 * protocol. Frames are the plugin's own affair.
 */
export class WebSocketHandshake {
  readonly request: string
  /** Rejects with code `EPROTO` when the server does not agree. */
  readonly agreed: Promise<UpgradeFacts>
  readonly #wishes: UpgradeWishes
  readonly #settle = Promise.withResolvers<UpgradeFacts>()
  #head: Buffer = Buffer.alloc(0)
  #isOver = false

  constructor(target: Target, wishes: UpgradeWishes) {
    this.#wishes = wishes
    this.agreed = this.#settle.promise
    this.agreed.catch(() => {})
    this.request = requestOf(target, wishes)
  }

  /** @returns what belongs to the protocol already, when the answer is complete */
  read(bytes: Buffer): Buffer | undefined {
    if (this.#isOver) return bytes
    this.#head = Buffer.concat([this.#head, bytes])
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0 && this.#head.byteLength <= MAX_HEAD_BYTES) return undefined
    this.#isOver = true
    try {
      if (end < 0 || end > MAX_HEAD_BYTES) throw refusal(`its answer has no end`)
      this.#settle.resolve(agreement(this.#head.toString('latin1', 0, end), this.#wishes))
      return this.#head.subarray(end + 4)
    } catch (error) {
      this.#settle.reject(error)
      return undefined
    }
  }

  /** The server has closed its side. */
  ended(): void {
    this.#settle.reject(refusal('it closed the connection without an answer'))
  }
}

function requestOf(target: Target, { path, protocols, headers, key }: UpgradeWishes): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `host: ${originOf(target).slice(target.scheme.length + 3)}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${key}`,
  ]
  if (protocols.length > 0) lines.push(`sec-websocket-protocol: ${protocols.join(', ')}`)
  for (let at = 0; at + 1 < headers.length; at += 2)
    lines.push(`${headers[at]}: ${headers[at + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** @throws Error with code `EPROTO` */
function agreement(head: string, { protocols, key }: UpgradeWishes): UpgradeFacts {
  const [first = '', ...lines] = head.split('\r\n')
  const [, status, text = ''] = /^HTTP\/1\.1 (\d{3})(?: ([\t\x20-\x7e]{0,100}))?/.exec(first) ?? []
  if (status === undefined) throw refusal('it speaks no HTTP')
  if (status !== '101') throw refusal(`it answers with status ${status} ${text}`.trimEnd())
  const headers: string[] = []
  const values = new Map<string, string>()
  for (const line of lines) {
    const [, name, value = ''] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(.*?)[\t ]*$/.exec(line) ?? []
    if (name === undefined) throw refusal('its answer has a header that is none')
    const key = name.toLowerCase()
    headers.push(key, value)
    const before = values.get(key)
    values.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  const connection = (values.get('connection') ?? '').toLowerCase().split(/[\t ]*,[\t ]*/)
  if (values.get('upgrade')?.toLowerCase() !== 'websocket' || !connection.includes('upgrade'))
    throw refusal('it does not change to WebSocket')
  const accept = createHash('sha1')
    .update(key + ACCEPT)
    .digest('base64')
  if (values.get('sec-websocket-accept') !== accept) throw refusal('it has not read the request')
  if (values.get('sec-websocket-extensions') !== undefined)
    throw refusal('it wants an extension that nobody offered')
  const protocol = values.get('sec-websocket-protocol') ?? ''
  if (protocol !== '' && !protocols.includes(protocol))
    throw refusal('it wants a protocol that nobody offered')
  return { protocol, headers }
}

function refusal(why: string): Error {
  return Object.assign(new Error(`the server opens no WebSocket: ${why}`), { code: 'EPROTO' })
}
