import { facadeError, type HostFacades } from '../facade-port.ts'
import type { MakePower } from '../power.ts'
import { readTls } from '../sockets/socket-options.ts'
import { PluginHeaders } from './headers.ts'
import { PluginRequest, type RequestInit } from './request.ts'
import { PluginResponse } from './response.ts'

/** Requests that wait for the head of their answer at one time; the others wait here. */
const MAX_SENDING = 16
const PORTION_BYTES = 65_536
const MAX_HEADERS = 100
const MAX_BODY_BYTES = 16 * 2 ** 20

interface FetchInit extends RequestInit {
  /** Until the end of the answer, ms. */
  readonly timeoutMs?: unknown
  readonly tls?: unknown
}

interface Head {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly string[]
}

/** The body of one answer, as the host sends it. */
interface Incoming {
  data(bytes: Uint8Array): void
  end(): void
  fail(error: Error): void
}

/** `fetch` with its classes, global and in the context. */
export const fetchPower: MakePower = ({ port }) => {
  const fetches = new Fetches(port)
  const fetch = (input: unknown, init?: unknown) => fetches.fetch(input, init as FetchInit)
  return {
    context: { fetch },
    globals: { fetch, Headers: PluginHeaders, Request: PluginRequest, Response: PluginResponse },
  }
}

/** All requests of one package. */
class Fetches {
  readonly #port: HostFacades
  readonly #incoming = new Map<number, Incoming>()
  readonly #turns: (() => void)[] = []
  #sending = 0
  #lastId = 0

  constructor(port: HostFacades) {
    this.#port = port
    port.on('fetch.data', (id, buffer) =>
      this.#incoming.get(id as number)?.data(new Uint8Array(buffer as ArrayBuffer)),
    )
    port.on('fetch.end', (id) => this.#taken(id as number)?.end())
    port.on('fetch.failed', (id, error) => {
      const { code, message } = error as { readonly code: string; readonly message: string }
      this.#taken(id as number)?.fail(facadeError(code, message))
    })
    port.onClosed(() => {
      for (const id of [...this.#incoming.keys()])
        this.#taken(id)?.fail(facadeError('ECONNABORTED', 'the rule is closing'))
    })
  }

  async fetch(input: unknown, init: FetchInit = {}): Promise<PluginResponse> {
    const request = new PluginRequest(input, init)
    const { signal } = request
    const abort = abortOf(signal)
    const headers = [...request.headers].flat()
    if (headers.length > 2 * MAX_HEADERS)
      throw new TypeError(`fetch: a request has at most ${MAX_HEADERS} headers`)
    const body = request.body === null ? undefined : (await request.bytes()).buffer
    const wanted = {
      url: request.url,
      method: request.method,
      headers,
      timeoutMs: init?.timeoutMs === undefined ? undefined : readMs(init.timeoutMs),
      tls: init?.tls === undefined ? undefined : readTls(init.tls),
    }
    if ((body?.byteLength ?? 0) > MAX_BODY_BYTES)
      throw new RangeError(`fetch: a body has at most ${MAX_BODY_BYTES} bytes`)
    const id = ++this.#lastId
    let cancel = () => {}
    const given = () => {
      this.#port.post('fetch.abort', [id])
      cancel()
    }
    await this.#turn()
    try {
      if (abort.aborted()) throw abort.reason()
      const stream = this.#stream(id, request.method === 'HEAD', () => abort.reason())
      cancel = stream.cancel
      abort.listen(given)
      const args = body === undefined ? [id, wanted] : [id, wanted, body]
      const head = (await this.#port.call(
        'fetch.send',
        args,
        body === undefined ? [] : [body],
      )) as Head
      if (request.redirect === 'error' && head.status >= 300 && head.status < 400) {
        given()
        throw new TypeError(`fetch: ${request.url} answers with a redirect`)
      }
      const { status, statusText } = head
      const hasBody = ![101, 204, 205, 304].includes(status) && request.method !== 'HEAD'
      const answer = { status, statusText, headers: pairsOf(head.headers) }
      return new PluginResponse(hasBody ? stream.readable : null, answer, request.url)
    } catch (error) {
      this.#incoming.delete(id)
      throw abort.aborted() ? abort.reason() : error
    } finally {
      this.#next()
    }
  }

  #stream(id: number, isEmpty: boolean, reason: () => unknown) {
    let unpaid = 0
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined
    const readable = new ReadableStream<Uint8Array>(
      {
        start: (made) => {
          controller = made
        },
        // Asked when nothing is left in the stream: room for as much is given back.
        pull: () => {
          if (unpaid < PORTION_BYTES) return
          this.#port.post('fetch.taken', [id, unpaid])
          unpaid = 0
        },
        cancel: () => {
          this.#incoming.delete(id)
          this.#port.post('fetch.abort', [id])
        },
      },
      { highWaterMark: 1 },
    )
    this.#incoming.set(id, {
      data: (bytes) => {
        if (isEmpty) return
        unpaid += bytes.byteLength
        controller?.enqueue(bytes)
      },
      end: () => controller?.close(),
      fail: (error) => controller?.error(error),
    })
    const cancel = () => this.#taken(id)?.fail(reason() as Error)
    return { readable, cancel }
  }

  #taken(id: number): Incoming | undefined {
    const incoming = this.#incoming.get(id)
    this.#incoming.delete(id)
    return incoming
  }

  async #turn(): Promise<void> {
    if (this.#sending < MAX_SENDING) this.#sending++
    else await new Promise<void>((resolve) => this.#turns.push(resolve))
  }

  #next(): void {
    const next = this.#turns.shift()
    if (next === undefined) this.#sending--
    else next()
  }
}

function readMs(value: unknown): number {
  const ms = Math.floor(Number(value))
  if (ms >= 1) return Math.min(ms, 600_000)
  throw new TypeError('fetch: timeoutMs is at least 1')
}

/** A plugin's signal, which may be anything. */
function abortOf(signal: AbortSignal | null) {
  let isAborted = false
  const look = () => {
    isAborted ||= signal?.aborted === true
    return isAborted
  }
  return {
    aborted: look,
    reason: (): unknown =>
      (look() ? signal?.reason : undefined) ??
      Object.assign(new Error('the request was aborted'), { name: 'AbortError' }),
    listen: (listener: () => void) =>
      signal?.addEventListener('abort', () => {
        isAborted = true
        listener()
      }),
  }
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? ''])
  return pairs
}
