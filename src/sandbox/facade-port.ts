import type { MessagePort } from 'node:worker_threads'
import { Pace, type PaceOptions } from './pace.ts'

/** An event of the host's: what it says with it is plain data. */
export type FacadeListener = (...args: readonly unknown[]) => void

/** How powers reach the host. */
export interface HostFacades {
  readonly isClosed: boolean
  /** A call with an answer. Rejects with an error that has the host's code and text. */
  call(method: string, args: readonly unknown[], move?: ArrayBuffer[]): Promise<unknown>
  /** Without an answer. */
  post(method: string, args: readonly unknown[], move?: ArrayBuffer[]): void
  /** The one listener for an event of this name. It must not throw. */
  on(event: string, listener: FacadeListener): void
  /** Called once, when nothing goes over the port any more. */
  onClosed(listener: () => void): void
  /** More was sent than the host is to be given at one time: small pieces should wait for `whenClear` and go as one. */
  readonly isBehind?: boolean | undefined
  whenClear?(run: () => void): void
}

/** Calls under way at one time. The host takes more for an offence; what a plugin asks beyond waits here. */
const MAX_CALLS = 48
/** Bytes that these calls bring, likewise. */
const MAX_BYTES = 48 * 2 ** 20

interface Call {
  readonly method: string
  readonly args: readonly unknown[]
  readonly move: ArrayBuffer[]
  readonly bytes: number
  resolve(value: unknown): void
  reject(reason: unknown): void
}

/**
 * The worker's end of the port on which one package of plugins reaches what it was granted. Plugins never see it: they
 * get closures that copy what they are given before anything of it comes here.
 */
export class FacadePort implements HostFacades {
  readonly #port: MessagePort
  readonly #post: (message: object, move: ArrayBuffer[]) => void
  readonly #calls = new Map<number, Call>()
  readonly #queue: Call[] = []
  readonly #listeners = new Map<string, FacadeListener>()
  readonly #closing: (() => void)[] = []
  readonly #pace: Pace
  #lastId = 0
  #bytes = 0
  #isClosed = false

  constructor(port: MessagePort, pace: PaceOptions) {
    this.#port = port
    this.#pace = new Pace(pace)
    const post = port.postMessage.bind(port) as (message: object, move: ArrayBuffer[]) => void
    this.#post = (message, move) => this.#pace.send(() => post(message, move))
    port.on('message', (message: unknown) => this.#receive(message as Message))
    port.on('close', () => this.close())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isBehind(): boolean {
    return this.#pace.isBehind
  }

  whenClear(run: () => void): void {
    this.#pace.whenClear(run)
  }

  call(method: string, args: readonly unknown[], move: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      const call = { method, args, move, bytes: bytesIn(args), resolve, reject }
      if (this.#queue.length === 0 && this.#hasRoom(call)) this.#start(call)
      else this.#queue.push(call)
    })
  }

  post(method: string, args: readonly unknown[], move: ArrayBuffer[] = []): void {
    if (!this.#isClosed) this.#post({ method, args }, move)
  }

  on(event: string, listener: FacadeListener): void {
    this.#listeners.set(event, listener)
  }

  onClosed(listener: () => void): void {
    this.#closing.push(listener)
  }

  /** Every pending call fails: on a closed port it would wait for ever. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#pace.close()
    this.#port.close()
    const pending = [...this.#calls.values(), ...this.#queue]
    this.#calls.clear()
    this.#queue.length = 0
    for (const { reject } of pending) reject(closedError())
    for (const closed of this.#closing) closed()
  }

  #hasRoom({ bytes }: Call): boolean {
    if (this.#calls.size === 0) return true
    return this.#calls.size < MAX_CALLS && this.#bytes + bytes <= MAX_BYTES
  }

  #start(call: Call): void {
    const id = ++this.#lastId
    this.#bytes += call.bytes
    this.#calls.set(id, call)
    this.#post({ id, method: call.method, args: call.args }, call.move)
  }

  #receive({ id, ok, error, event, args }: Message): void {
    if (event !== undefined) {
      this.#listeners.get(event)?.(...(args ?? []))
      return
    }
    const call = id === undefined ? undefined : this.#calls.get(id)
    if (id === undefined || call === undefined) return
    this.#calls.delete(id)
    this.#bytes -= call.bytes
    if (error === undefined) call.resolve(ok)
    else call.reject(facadeError(error.code, error.message))
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!this.#hasRoom(next)) return
      this.#queue.shift()
      this.#start(next)
    }
  }
}

/** As the host counts them. */
function bytesIn(args: readonly unknown[]): number {
  let bytes = 0
  for (const arg of args) {
    if (arg instanceof ArrayBuffer) bytes += arg.byteLength
    else if (typeof arg === 'string') bytes += arg.length * 2
  }
  return bytes
}

/** An answer or an event. The host is believed. */
interface Message {
  readonly id?: number | undefined
  readonly ok?: unknown
  readonly error?: { readonly code: string; readonly message: string } | undefined
  readonly event?: string | undefined
  readonly args?: readonly unknown[] | undefined
}

/** What a plugin meets while nobody serves it: when it is loaded for its installation. */
export const unserved: HostFacades = Object.freeze({
  isClosed: false,
  call: () =>
    Promise.reject(
      facadeError(
        'ERR_PLUGIN_DENIED',
        'a plugin reaches nothing while it is loaded: connect in configure or open',
      ),
    ),
  post() {},
  on() {},
  onClosed() {},
})

export function facadeError(code: string, message: string): Error & { code: string } {
  return Object.assign(new Error(message), { code })
}

function closedError(): Error {
  return facadeError('ECONNABORTED', 'the rule is closing: nothing is reached any more')
}
