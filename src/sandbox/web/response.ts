import { PluginBody, sourceOf } from './body.ts'
import { PluginHeaders } from './headers.ts'

export interface ResponseInit {
  readonly status?: number | undefined
  readonly statusText?: string | undefined
  readonly headers?: ConstructorParameters<typeof PluginHeaders>[0]
}

/** The platform's `Response` in plain JavaScript. */
export class PluginResponse extends PluginBody {
  readonly #status: number
  readonly #statusText: string
  readonly #headers: PluginHeaders
  readonly #url: string

  /** @param url of one that came from the network */
  constructor(body?: unknown, init: ResponseInit = {}, url = '') {
    const { stream, type } = sourceOf(body)
    super(stream)
    const { status = 200, statusText = '', headers } = init ?? {}
    const number = Number(status)
    if (!Number.isInteger(number) || number < 100 || number > 599)
      throw new RangeError('Response: a status is a number from 200 to 599')
    this.#status = number
    this.#statusText = `${statusText}`
    this.#url = `${url}`
    this.#headers = new PluginHeaders(headers)
    if (type !== undefined && !this.#headers.has('content-type'))
      this.#headers.set('content-type', type)
  }

  static json(data: unknown, init: ResponseInit = {}): PluginResponse {
    const made = new PluginResponse(JSON.stringify(data), init)
    made.headers.set('content-type', 'application/json')
    return made
  }

  static error(): PluginResponse {
    throw new TypeError('Response.error: throw an error instead')
  }

  get status(): number {
    return this.#status
  }

  get statusText(): string {
    return this.#statusText
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  get headers(): PluginHeaders {
    return this.#headers
  }

  get url(): string {
    return this.#url
  }

  /** No redirect is followed. */
  get redirected(): boolean {
    return false
  }

  get type(): string {
    return this.#url === '' ? 'default' : 'basic'
  }

  clone(): PluginResponse {
    const { status, statusText, headers } = this
    return new PluginResponse(this.split(), { status, statusText, headers }, this.#url)
  }

  get [Symbol.toStringTag](): string {
    return 'Response'
  }
}
