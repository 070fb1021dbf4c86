import { NotConnected, Retryable } from '@plutino/sdk'
import type { ConnectorContext, PayloadChunk, SinkConnector } from './connector.ts'
import { payloadsOf } from './payloads.ts'
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

/** Sends every payload as one HTTP request. An answer that may be better later (5xx, 408, 429) brings the payload again. */
export class RestSink implements SinkConnector {
  #url = ''
  #method = 'get'
  #bodyType: (typeof BODY_TYPES)[number] = 'none'
  #headers: Record<string, string> = {}
  #timeoutMs = 5000
  #debugResponse = false
  #context: ConnectorContext | undefined
  /** The payload of the chunk in hand that comes next: what was taken is not sent again. */
  #next = -1

  configure(props: Readonly<Record<string, unknown>>): void {
    const read = new Properties('sink "rest"', props)
    this.#url = read.required('url')
    if (!URL.canParse(this.#url) || !/^https?:$/.test(new URL(this.#url).protocol)) {
      read.refuse('url', `must be an http or https address, not "${this.#url}"`)
    }
    const method = read.choice('method', 'get', METHODS)
    this.#method = method.toUpperCase()
    this.#bodyType = read.choice(
      'bodyType',
      method === 'get' || method === 'head' ? 'none' : 'json',
      BODY_TYPES,
    )
    for (const [name, value] of Object.entries(read.record('headers')))
      this.#headers[name] = String(value)
    if (this.#bodyType !== 'none') this.#headers['content-type'] ??= CONTENT_TYPES[this.#bodyType]
    this.#timeoutMs = read.duration('timeout', 5000)
    this.#debugResponse = read.flag('debugResp', false)
  }

  async open(context: ConnectorContext): Promise<void> {
    this.#context = context
    context.connection('connected')
  }

  async collect(chunk: PayloadChunk): Promise<void> {
    for (const { bytes, sequence } of payloadsOf(chunk)) {
      if (sequence < this.#next) continue
      await this.#send(bytes, `${chunk.epoch}-${sequence}`)
      this.#next = sequence + 1
    }
  }

  async #send(bytes: Uint8Array, rowId: string): Promise<void> {
    const { logger, signal } = this.#context as ConnectorContext
    let response: Response
    try {
      response = await fetch(this.#url, {
        method: this.#method,
        headers: { ...this.#headers, 'idempotency-key': rowId },
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
        ...(this.#bodyType === 'none' ? {} : { body: Uint8Array.from(bytes) }),
      })
    } catch (error) {
      const { cause } = error as Error
      const reason = cause instanceof Error ? cause.message : (error as Error).message
      throw new NotConnected(`sink "rest": ${this.#method} ${this.#url} failed: ${reason}`, {
        cause: error,
      })
    }
    const body = await response.text().catch(() => '')
    if (this.#debugResponse) logger.info(`${response.status} ${body.slice(0, 500)}`)
    if (response.ok) return
    const message = `sink "rest": ${this.#method} ${this.#url} answered ${response.status} ${body.slice(0, 200)}`
    if (response.status >= 500 || response.status === 408 || response.status === 429)
      throw new Retryable(message)
    throw new Error(message)
  }

  async close(): Promise<void> {}
}
