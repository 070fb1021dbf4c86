import type { MessagePort } from 'node:worker_threads'

/** Checks the arguments, which are whatever the worker sent, and does the work. What it throws reaches the worker as text. */
export type Serve = (args: readonly unknown[]) => unknown

export interface GuardOptions {
  readonly methods: ReadonlyMap<string, Serve>
  /** Calls without an answer yet, at most. @default 64 */
  readonly maxCalls?: number | undefined
  /** Bytes that these calls brought, at most. @default 67108864 */
  readonly maxBytes?: number | undefined
  /** Offences after which the worker is ended. @default 5 */
  readonly maxStrikes?: number | undefined
  /**
   * Messages a second that a worker may send; after a time of silence as many as in three of them, for what has waited while
   * this thread was late. More are a flood, and the worker is ended. @default without limit
   */
  readonly messagesPerSecond?: number | undefined
  /** The worker has broken the rules once too often. */
  onOffence(reason: string, limit: 'messages' | 'protocol'): void
  /** A call was answered by an error. */
  onRefused?(method: string, code: string): void
}

/** An answer whose buffers go over without a copy. */
export class Moved {
  readonly value: unknown
  readonly buffers: readonly ArrayBuffer[]

  constructor(value: unknown, buffers: readonly ArrayBuffer[]) {
    this.value = value
    this.buffers = buffers
  }
}

/** Arguments of the wrong shape: an offence. Anything else that a method throws is an answer. */
export class OffenceError extends Error {
  override readonly name = 'OffenceError'
  readonly code = 'bad-call'
}

const BURST_SECONDS = 3

/**
 * Serves a fixed list of methods to a worker over a port. Everything that arrives is hostile: methods are looked up in a
 * Map, nothing is walked by path, nothing but plain data goes back, and what is asked at one time is bounded.
 */
export class GuardedEndpoint {
  readonly #port: MessagePort
  readonly #options: GuardOptions
  #calls = 0
  #bytes = 0
  #strikes = 0
  #isClosed = false
  #tokens: number
  #filledAt = performance.now()

  constructor(port: MessagePort, options: GuardOptions) {
    this.#port = port
    this.#options = options
    this.#tokens = BURST_SECONDS * (options.messagesPerSecond ?? 0)
    port.on('message', (message: unknown) => this.#receive(message))
    port.on('messageerror', () => this.#strike('a message that cannot be read'))
  }

  /** Revokes everything: no later message is looked at, no answer is sent. */
  close(): void {
    this.#isClosed = true
    this.#port.close()
  }

  /** Tells the worker something that it did not ask for just now. */
  push(event: string, args: readonly unknown[], move: readonly ArrayBuffer[] = []): void {
    if (!this.#isClosed) this.#port.postMessage({ event, args }, [...move])
  }

  /** Calls back when the other side has closed the port. */
  onClosed(listener: () => void): void {
    this.#port.once('close', listener)
  }

  /** Resolves when the other side has closed the port, or after so many ms. */
  closed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#port.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #receive(message: unknown): void {
    if (this.#isClosed) return
    if (!this.#isInTime()) {
      // What has come besides is not looked at any more.
      this.close()
      this.#options.onOffence('the worker floods the host with messages', 'messages')
      return
    }
    const call = readCall(message)
    if (call === undefined) this.#strike('a malformed call')
    else this.#admit(call)
  }

  #isInTime(): boolean {
    const rate = this.#options.messagesPerSecond
    if (rate === undefined || this.#tokens-- >= 1) return true
    const now = performance.now()
    const fresh = ((now - this.#filledAt) * rate) / 1000
    this.#filledAt = now
    this.#tokens = Math.min(rate * BURST_SECONDS, fresh)
    return this.#tokens-- >= 1
  }

  #admit(call: Call): void {
    const serve = this.#options.methods.get(call.method)
    const bytes = bytesIn(call.args)
    const { maxCalls = 64, maxBytes = 67_108_864 } = this.#options
    if (serve === undefined) {
      this.#refuse(call, new OffenceError('there is no such method'))
    } else if (this.#calls >= maxCalls || this.#bytes + bytes > maxBytes) {
      this.#refuse(call, new OffenceError('too many calls at one time'))
    } else {
      this.#serve(call, serve, bytes)
    }
  }

  #serve(call: Call, serve: Serve, bytes: number): void {
    try {
      const result = serve(call.args)
      if (result instanceof Promise) void this.#wait(call, result, bytes)
      else this.#answer(call.id, result)
    } catch (error) {
      this.#refuse(call, error)
    }
  }

  async #wait(call: Call, result: Promise<unknown>, bytes: number): Promise<void> {
    this.#calls++
    this.#bytes += bytes
    try {
      this.#answer(call.id, await result)
    } catch (error) {
      this.#refuse(call, error)
    } finally {
      this.#calls--
      this.#bytes -= bytes
    }
  }

  #refuse(call: Call, error: unknown): void {
    const message = error instanceof Error ? error.message : 'refused'
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    this.#post(call.id, { error: { code, message } })
    this.#options.onRefused?.(call.method, code)
    if (error instanceof OffenceError) this.#strike(`${call.method.slice(0, 60)}: ${message}`)
  }

  #answer(id: number | undefined, result: unknown): void {
    if (result instanceof Moved) this.#post(id, { ok: result.value }, result.buffers)
    else this.#post(id, { ok: result })
  }

  #post(id: number | undefined, answer: object, move: readonly ArrayBuffer[] = []): void {
    if (id === undefined || this.#isClosed) return
    this.#port.postMessage({ id, ...answer }, [...move])
  }

  #strike(reason: string): void {
    this.#strikes++
    if (this.#strikes !== (this.#options.maxStrikes ?? 5)) return
    this.#options.onOffence(`the worker broke the protocol: ${reason}`, 'protocol')
  }
}

interface Call {
  readonly id: number | undefined
  readonly method: string
  readonly args: readonly unknown[]
}

function readCall(message: unknown): Call | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { id, method, args } = message as Record<string, unknown>
  if (id !== undefined && !Number.isSafeInteger(id)) return undefined
  if (typeof method !== 'string' || !Array.isArray(args) || args.length > 8) return undefined
  return { id: id === undefined ? undefined : Number(id), method, args }
}

/** Of buffers, which are what weighs: directly among the arguments, or in a list of emissions. */
function bytesIn(args: readonly unknown[]): number {
  let bytes = 0
  for (const arg of args) {
    if (arg instanceof ArrayBuffer) bytes += arg.byteLength
    else if (typeof arg === 'string') bytes += arg.length * 2
    else if (Array.isArray(arg)) for (const part of arg) bytes += bufferBytes(part)
  }
  return bytes
}

function bufferBytes(part: unknown): number {
  if (typeof part !== 'object' || part === null || !('buffer' in part)) return 0
  return part.buffer instanceof ArrayBuffer ? part.buffer.byteLength : 0
}
