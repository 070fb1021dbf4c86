import { NotConnected, Retryable } from '@plutino/sdk'
import type { ConnectorContext, PayloadChunk, SinkConnector } from './connector.ts'
import { PayloadError } from './payload-error.ts'
import { payloadsOf, rowIds } from './payloads.ts'
import { Properties } from './properties.ts'

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const
const BODY_TYPES = ['none', 'json', 'text', 'html', 'xml', 'javascript', 'form', 'binary'] as const
const CONTENT_TYPES: Readonly<Record<(typeof BODY_TYPES)[number], string>> = {
  none: '',
  json: 'application/json',
  text: 'text/plain',
  html: 'text/html',
  xml: 'application/xml',
  javascript: 'application/javascript',
  form: 'application/x-www-form-urlencoded;param=value',
  binary: 'application/octet-stream',
}

/** What a peer understands of our compressions. */
const ENCODINGS: Readonly<Record<string, string>> = { gzip: 'gzip', zlib: 'deflate', zstd: 'zstd' }
const HEADER = 'headers.'

type Meta = Readonly<Record<string, unknown>>

interface RestRequest {
  readonly url: string
  readonly method: (typeof METHODS)[number]
  readonly bodyType: (typeof BODY_TYPES)[number]
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Sends every payload as one HTTP request. An answer that may be better later (5xx, 408, 429) brings the payload again. */
export class RestSink implements SinkConnector {
  #request: RestRequest = { url: '', method: 'get', bodyType: 'none', headers: {} }
  /** `content-encoding`, where the payloads are compressed. */
  #encoding: Readonly<Record<string, string>> = {}
  #timeoutMs = 5000
  #debugResponse = false
  #context: ConnectorContext | undefined

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "rest"', props)
    const url = read.required('url')
    if (!read.isDynamic('url') && !isWebUrl(url)) {
      read.refuse('url', `must be an http or https address, not "${url}"`)
    }
    const method = read.isDynamic('method') ? 'post' : read.choice('method', 'get', METHODS)
    const usual = method === 'get' || method === 'head' ? 'none' : 'json'
    const bodyType = read.isDynamic('bodyType') ? usual : read.choice('bodyType', usual, BODY_TYPES)
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(read.record('headers')))
      headers[name.toLowerCase()] = String(value)
    this.#request = { url, method, bodyType, headers }
    const encoding = ENCODINGS[read.text('compression', '').toLowerCase()]
    this.#encoding = encoding === undefined ? {} : { 'content-encoding': encoding }
    this.#timeoutMs = read.duration('timeout', 5000)
    this.#debugResponse = read.flag('debugResp', false)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    context.connection('connected')
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    const rowId = rowIds(chunk, this.#context as ConnectorContext)
    for (const { bytes, sequence, meta } of payloadsOf(chunk)) {
      try {
        const request = this.#requestOf(meta, chunk.destination)
        await this.#send(bytes, rowId(sequence), request)
      } catch (error) {
        throw new PayloadError(sequence - chunk.first, error)
      }
    }
  }

  /** With what the row says, where the properties are templates. */
  #requestOf(meta: Meta | undefined, destination: string | undefined): RestRequest {
    const request = this.#request
    if (meta === undefined && destination === undefined) return request
    const url = checkedUrl(destination ?? textIn(meta, 'url') ?? request.url)
    const method = oneOf(METHODS, textIn(meta, 'method') ?? request.method, 'method')
    const bodyType = oneOf(BODY_TYPES, textIn(meta, 'bodyType') ?? request.bodyType, 'bodyType')
    const headers = { ...request.headers }
    for (const name of Object.keys(meta ?? {})) {
      if (name.startsWith(HEADER))
        headers[name.slice(HEADER.length).toLowerCase()] = textIn(meta, name) ?? ''
    }
    return { url, method, bodyType, headers }
  }

  async #send(
    bytes: Uint8Array,
    rowId: string,
    { url, method: verb, bodyType, headers }: RestRequest,
  ): Promise<void> {
    const { logger, signal } = this.#context as ConnectorContext
    const method = verb.toUpperCase()
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers: {
          ...(bodyType === 'none' ? {} : { 'content-type': CONTENT_TYPES[bodyType] }),
          ...this.#encoding,
          'idempotency-key': rowId,
          ...headers,
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
        ...(bodyType === 'none' ? {} : { body: Uint8Array.from(bytes) }),
      })
    } catch (error) {
      const { cause } = error as Error
      const reason = cause instanceof Error ? cause.message : (error as Error).message
      throw new NotConnected(`sink "rest": ${method} ${url} failed: ${reason}`, {
        cause: error,
      })
    }
    const body = await response.text().catch(() => '')
    if (this.#debugResponse) logger.info(`${response.status} ${body.slice(0, 500)}`)
    if (response.ok) return
    const message = `sink "rest": ${method} ${url} answered ${response.status} ${body.slice(0, 200)}`
    if (response.status >= 500 || response.status === 408 || response.status === 429)
      throw new Retryable(message)
    throw new Error(message)
  }

  async close(): Promise<void> {}
}

function isWebUrl(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '')
}

function checkedUrl(url: string): string {
  if (isWebUrl(url)) return url
  throw new Error(
    `sink "rest": property "url" gave no http or https address for this row: "${url}"`,
  )
}

function textIn(meta: Meta | undefined, name: string): string | undefined {
  const value = meta?.[name]
  return typeof value === 'string' ? value : undefined
}

function oneOf<T extends string>(known: readonly T[], value: string, name: string): T {
  const found = known.find((choice) => choice === value.toLowerCase())
  if (found !== undefined) return found
  throw new Error(
    `sink "rest": property "${name}" gave "${value}" for this row; there are ${known.join(', ')}`,
  )
}
