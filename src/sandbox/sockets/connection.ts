import type { Harden } from '../context.ts'
import { bytesOf } from '../wrap-text.ts'
import type { SocketLinks } from './socket-links.ts'
import { readTarget, readTls } from './socket-options.ts'
import type { OpenedSocket, TlsFacts } from './socket-protocol.ts'

export interface ConnectionOptions {
  readonly links: SocketLinks
  readonly harden: Harden
  failed(error: unknown): void
}

const encoder = new TextEncoder()

type DataListener = (bytes: Uint8Array) => unknown

/** `ctx.connect`: resolves with a duplex connection, all of it closures over plain data. */
export async function connectPlugin(options: ConnectionOptions, wanted: unknown): Promise<object> {
  const target = readTarget(wanted)
  const reading = new Reading(options.failed, (bytes) => link.taken(bytes))
  const closed = Promise.withResolvers<void>()
  // Whoever does not ask how it ended is not told.
  closed.promise.catch(() => {})
  let room: PromiseWithResolvers<void> | undefined
  const link = options.links.make({
    data: (bytes) => reading.push(bytes),
    ended: () => reading.end(undefined),
    drained: () => {
      room?.resolve()
      room = undefined
    },
    closed: (error) => {
      reading.end(error)
      if (error === undefined) closed.resolve()
      else closed.reject(error)
      room?.reject(error ?? closedError())
      room = undefined
    },
  })
  let facts: OpenedSocket | undefined
  await link.open(target, (opened) => {
    facts = opened
  })
  if (facts === undefined) {
    await closed.promise
    throw closedError()
  }
  const { remoteAddress, remotePort, localAddress, localPort, tls } = facts
  let security: TlsFacts | undefined = tls
  return options.harden({
    remoteAddress,
    remotePort,
    localAddress,
    localPort,
    closed: closed.promise,
    get tls() {
      return security && { ...security }
    },
    async write(data: unknown): Promise<void> {
      if (link.isClosed) throw closedError()
      const bytes = typeof data === 'string' ? encoder.encode(data) : bytesOf(data)
      if (link.write(bytes)) return
      room ??= Promise.withResolvers()
      await room.promise
    },
    onData(listener: unknown): void {
      if (typeof listener !== 'function') throw new TypeError('onData: a function is wanted')
      reading.listen(listener as DataListener)
    },
    end: () => new Promise<void>((resolve) => link.end(resolve)),
    close: () => link.close(),
    startTls: async (wishes: unknown): Promise<void> => {
      await link.secure(readTls(wishes), (found) => {
        security = found
      })
      if (link.isClosed) {
        await closed.promise
        throw closedError()
      }
    },
    [Symbol.asyncIterator]: () => options.harden(reading.iterator()),
  })
}

/** What came and was not asked for yet: by one listener, or by iterating. */
class Reading {
  readonly #failed: (error: unknown) => void
  readonly #taken: (bytes: number) => void
  readonly #pieces: Uint8Array[] = []
  #listener: DataListener | undefined
  #waiting: (() => void) | undefined
  #isOver = false
  #error: Error | undefined

  constructor(failed: (error: unknown) => void, taken: (bytes: number) => void) {
    this.#failed = failed
    this.#taken = taken
  }

  push(bytes: Uint8Array): void {
    if (this.#listener !== undefined) this.#hand(bytes, this.#listener)
    else {
      this.#pieces.push(bytes)
      this.#wake()
    }
  }

  end(error: Error | undefined): void {
    if (!this.#isOver) this.#error = error
    this.#isOver = true
    this.#wake()
  }

  listen(listener: DataListener): void {
    this.#listener = listener
    for (const bytes of this.#pieces.splice(0)) this.#hand(bytes, listener)
  }

  iterator(): object {
    return {
      next: async (): Promise<IteratorResult<Uint8Array, undefined>> => {
        while (this.#pieces.length === 0 && !this.#isOver) {
          await new Promise<void>((resolve) => {
            this.#waiting = resolve
          })
        }
        const value = this.#pieces.shift()
        if (value !== undefined) {
          this.#taken(value.byteLength)
          return { done: false, value }
        }
        if (this.#error !== undefined) throw this.#error
        return { done: true, value: undefined }
      },
      // Leaving the loop leaves the connection open: what follows may be read by another one.
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator](): unknown {
        return this
      },
    }
  }

  /** Room for more is given when the listener is done with it. */
  #hand(bytes: Uint8Array, listener: DataListener): void {
    const { byteLength } = bytes
    void (async () => {
      try {
        await listener(bytes)
      } catch (error) {
        this.#failed(error)
      }
      this.#taken(byteLength)
    })()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.()
  }
}

function closedError(): Error {
  return Object.assign(new Error('the connection is closed'), { code: 'ECONNABORTED' })
}
