import { PluginUrl } from '../wrap-url.ts'
import { PluginBody, sourceOf } from './body.ts'
import { PluginHeaders } from './headers.ts'

export interface RequestInit {
  readonly method?: string | undefined
  readonly headers?: ConstructorParameters<typeof PluginHeaders>[0]
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
  readonly redirect?: string | undefined
}

/** The platform's `Request` in plain JavaScript. */
export class PluginRequest extends PluginBody {
  readonly #url: string
  readonly #method: string
  readonly #headers: PluginHeaders
  readonly #signal: AbortSignal | null
  readonly #redirect: string

  constructor(input: unknown, init: RequestInit = {}) {
    const from = input instanceof PluginRequest ? input : undefined
    const { method = from?.method ?? 'GET', body, headers, signal, redirect } = init ?? {}
    const { stream, type } =
      body === undefined && from !== undefined
        ? { stream: from.body, type: undefined }
        : sourceOf(body)
    super(stream)
    this.#url = from?.url ?? `${new PluginUrl(`${input as string}`)}`
    this.#method = normal(`${method}`)
    if (stream !== null && (this.#method === 'GET' || this.#method === 'HEAD'))
      throw new TypeError(`fetch: a ${this.#method} has no body`)
    this.#headers = new PluginHeaders(headers ?? from?.headers)
    if (type !== undefined && !this.#headers.has('content-type'))
      this.#headers.set('content-type', type)
    this.#signal = signal ?? from?.signal ?? null
    this.#redirect = `${redirect ?? from?.redirect ?? 'follow'}`
  }

  get url(): string {
    return this.#url
  }

  get method(): string {
    return this.#method
  }

  get headers(): PluginHeaders {
    return this.#headers
  }

  get signal(): AbortSignal | null {
    return this.#signal
  }

  get redirect(): string {
    return this.#redirect
  }

  clone(): PluginRequest {
    const { method, headers, signal, redirect } = this
    return new PluginRequest(this.#url, { method, headers, signal, redirect, body: this.split() })
  }

  get [Symbol.toStringTag](): string {
    return 'Request'
  }
}

const KNOWN = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']

function normal(method: string): string {
  const upper = method.toUpperCase()
  return KNOWN.includes(upper) ? upper : method
}
