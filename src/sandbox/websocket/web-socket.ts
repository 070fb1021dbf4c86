import type { SocketLinks } from '../sockets/socket-links.ts'
import type { RealTimers } from '../timers.ts'
import { bytesOf } from '../wrap-text.ts'
import { type EventParts, Listeners } from './events.ts'
import { MAX_MESSAGE_BYTES, opcodes } from './frames.ts'
import { readAddress, readOptions } from './web-socket-options.ts'
import { Wire } from './wire.ts'

export interface WebSocketOptions {
  readonly links: SocketLinks
  readonly timers: RealTimers
  failed(error: unknown): void
}

const encoder = new TextEncoder()
const MAX_REASON_BYTES = 123
const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const
const types = ['open', 'message', 'error', 'close'] as const

/** The platform's `WebSocket` for one package of plugins, in plain JavaScript over connections that the host opens. */
export function webSocketClass({ links, timers, failed }: WebSocketOptions): object {
  class WebSocket {
    readonly #url: string
    readonly #origin: string
    readonly #listeners = new Listeners(failed)
    readonly #wire: Wire
    #protocol = ''
    #state: number = states.CONNECTING
    /** What was given to `send` when nothing leaves any more. */
    #lost = 0

    constructor(url: unknown, wanted?: unknown) {
      const address = readAddress(url)
      const options = readOptions(wanted)
      this.#url = address.href
      this.#origin = address.origin
      this.#wire = new Wire(links, timers, {
        opened: (protocol) => {
          if (this.#state !== states.CONNECTING) return
          this.#protocol = protocol
          this.#state = states.OPEN
          this.#tell('open')
        },
        message: (data) => {
          if (this.#state === states.OPEN) this.#tell('message', { data, origin: this.#origin })
        },
        closing: () => {
          this.#state = states.CLOSING
        },
        closed: ({ error, ...end }) => {
          this.#state = states.CLOSED
          if (error !== undefined) this.#tell('error', { error, message: error.message })
          this.#tell('close', end)
        },
      })
      this.#wire.open({
        host: address.host,
        port: address.port,
        tls: address.isSecure ? options.tls : undefined,
        timeoutMs: options.timeoutMs,
        upgrade: { path: address.path, protocols: options.protocols, headers: options.headers },
      })
    }

    get url(): string {
      return this.#url
    }

    get protocol(): string {
      return this.#protocol
    }

    /** None is offered. */
    get extensions(): string {
      return ''
    }

    get readyState(): number {
      return this.#state
    }

    get bufferedAmount(): number {
      return this.#wire.queued + this.#lost
    }

    get binaryType(): string {
      return 'arraybuffer'
    }

    set binaryType(type: unknown) {
      if (type !== 'arraybuffer')
        throw new TypeError('WebSocket: binaryType is "arraybuffer": there is no Blob')
    }

    send(data: unknown): void {
      if (this.#state === states.CONNECTING)
        throw named('InvalidStateError', 'send: the connection does not stand yet')
      const isBytes = typeof data === 'object' && data !== null
      const bytes = isBytes ? bytesOf(data) : encoder.encode(`${data}`)
      if (bytes.byteLength > MAX_MESSAGE_BYTES)
        throw new RangeError(`send: a message has at most ${MAX_MESSAGE_BYTES} bytes`)
      if (this.#state === states.OPEN)
        this.#wire.send(isBytes ? opcodes.binary : opcodes.text, bytes)
      else this.#lost += bytes.byteLength
    }

    close(code?: unknown, reason?: unknown): void {
      const status = code === undefined ? undefined : Number(code)
      const text = encoder.encode(reason === undefined ? '' : `${reason}`)
      const isOwn = status === undefined || status === 1000 || (status >= 3000 && status <= 4999)
      if (!isOwn || !Number.isInteger(status ?? 1000))
        throw named('InvalidAccessError', 'close: the code is 1000, or from 3000 to 4999')
      if (text.byteLength > MAX_REASON_BYTES)
        throw named('SyntaxError', `close: a reason has at most ${MAX_REASON_BYTES} bytes`)
      if (this.#state === states.OPEN) {
        this.#wire.close(status ?? (text.byteLength > 0 ? 1000 : undefined), text)
      } else if (this.#state === states.CONNECTING) {
        this.#state = states.CLOSING
        this.#wire.abort(new Error('the WebSocket was closed before it stood'))
      }
    }

    addEventListener(type: unknown, listener: unknown, options?: unknown): void {
      this.#listeners.add(`${type}`, listener, options)
    }

    removeEventListener(type: unknown, listener: unknown): void {
      this.#listeners.remove(`${type}`, listener)
    }

    listenerFor(type: string): unknown {
      return this.#listeners.property(type)
    }

    listenBy(type: string, listener: unknown): void {
      this.#listeners.setProperty(type, listener)
    }

    #tell(type: (typeof types)[number], parts: Omit<EventParts, 'target'> = {}): void {
      this.#listeners.tell(type, { ...parts, target: this })
    }

    get [Symbol.toStringTag](): string {
      return 'WebSocket'
    }
  }
  return finished(WebSocket)
}

interface HasListeners {
  listenerFor(type: string): unknown
  listenBy(type: string, listener: unknown): void
}

/** With the constants and `onopen` and its like, and without the ways that these are made of. */
function finished(made: { readonly prototype: HasListeners }): object {
  const { prototype } = made
  const { listenerFor, listenBy } = prototype
  for (const type of types) {
    Object.defineProperty(prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get(this: object) {
        return Reflect.apply(listenerFor, this, [type])
      },
      set(this: object, listener: unknown) {
        Reflect.apply(listenBy, this, [type, listener])
      },
    })
  }
  Reflect.deleteProperty(prototype, 'listenerFor')
  Reflect.deleteProperty(prototype, 'listenBy')
  for (const [name, value] of Object.entries(states)) {
    for (const holder of [made, prototype])
      Object.defineProperty(holder, name, { value, enumerable: true })
  }
  return made
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
