import type { FetchResponse, Network } from '@plutino/sdk'
import { isTransient, ObjectSourceError } from '@plutino/sdk/object-source'
import aws4 from 'aws4'
import type { S3Config } from './s3-config.ts'
import { errorOf, S3Error } from './s3-error.ts'
import { type Listing, readListing } from './s3-listing.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface ClientParts {
  readonly fetch: Network['fetch']
  readonly config: S3Config
  /** Without them requests are not signed. */
  readonly credentials?: Credentials | undefined
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random: () => number
}

export interface ListRequest {
  readonly startAfter?: string | undefined
  /** Of the page before. */
  readonly token?: string | undefined
}

export interface GetRequest {
  readonly key: string
  /** The object must still be this one. */
  readonly etag?: string | undefined
  /** From the first to before the second. */
  readonly range?: readonly [number, number] | undefined
}

/** SHA-256 of nothing: no request has a body. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** To the end of an answer; the host allows no more. */
const TIMEOUT_MS = 600_000

/** Lists and reads a bucket: requests signed with version 4, tried again when the store is busy. */
export class S3Client {
  readonly #parts: ClientParts
  /** By how much the store's clock is ahead of ours, once it has refused a request for that. */
  #skewMs = 0

  constructor(parts: ClientParts) {
    this.#parts = parts
  }

  async list({ startAfter, token }: ListRequest, signal: AbortSignal): Promise<Listing> {
    const { bucket, prefix, pageSize } = this.#parts.config
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': String(pageSize),
      ...(prefix === '' ? {} : { prefix }),
      ...(token === undefined ? {} : { 'continuation-token': token }),
      ...(startAfter === undefined || token !== undefined ? {} : { 'start-after': startAfter }),
    }
    const answer = await this.#ask('', { query, what: `list ${bucket}/${prefix}` }, signal)
    return readListing(await answer.text())
  }

  /** The answer to a range is one: a store that sends the whole object instead is an error. */
  async get({ key, etag, range }: GetRequest, signal: AbortSignal): Promise<FetchResponse> {
    const { bucket } = this.#parts.config
    if (key.split('/').some((part) => part === '.' || part === '..')) {
      const text = `key "${key}" has a part "." or "..", which an URL cannot carry`
      throw new ObjectSourceError('skip-object', text)
    }
    const headers = {
      ...(etag === undefined ? {} : { 'If-Match': `"${etag}"` }),
      ...(range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1] - 1}` }),
    }
    const answer = await this.#ask(key, { headers, what: `get ${bucket}/${key}` }, signal)
    if (range !== undefined && answer.status !== 206) {
      await answer.body?.[Symbol.asyncIterator]().return?.()
      throw new ObjectSourceError('stop', `get ${bucket}/${key}: the store serves no ranges`)
    }
    return answer
  }

  /** Waits before try `n` + 1: twice as long each time, give or take a half. */
  async pause(n: number, signal: AbortSignal): Promise<void> {
    const { config, random, sleep } = this.#parts
    const most = Math.min(config.backoffMaxMs, config.backoffMs * 2 ** n)
    await sleep(most * (0.5 + random() / 2), signal)
  }

  async #ask(
    key: string,
    request: {
      readonly query?: Readonly<Record<string, string>>
      readonly headers?: Readonly<Record<string, string>>
      readonly what: string
    },
    signal: AbortSignal,
  ): Promise<FetchResponse> {
    const { fetch, config } = this.#parts
    for (let tries = 0, isSet = false; ; ) {
      const { url, headers } = this.#signed(key, request.query ?? {}, request.headers ?? {})
      const { ca } = config
      const tls = ca === undefined ? undefined : { ca }
      try {
        const answer = await fetch(url, { headers, signal, timeoutMs: TIMEOUT_MS, tls })
        if (answer.ok) return answer
        throw await this.#refused(answer, request.what)
      } catch (error) {
        if (error instanceof ClockSkew && !isSet) {
          isSet = true
          continue
        }
        const reason = error instanceof ClockSkew ? error.refusal : error
        if (signal.aborted || !isTransient(reason) || tries >= config.maxRetries) throw reason
        await this.pause(tries++, signal)
      }
    }
  }

  async #refused(answer: FetchResponse, what: string): Promise<unknown> {
    const error = await errorOf(answer, what)
    const date = Date.parse(answer.headers.get('date') ?? '')
    const { cause } = error
    if (!(cause instanceof S3Error) || cause.name !== 'RequestTimeTooSkewed') return error
    if (Number.isNaN(date)) return error
    this.#skewMs = date - this.#parts.now()
    return new ClockSkew(error)
  }

  #signed(
    key: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ) {
    const { config, credentials, now } = this.#parts
    const { endpoint, bucket, isPathStyle, region } = config
    const { protocol, host, pathname } = new URL(endpoint)
    const base = pathname.replace(/\/$/, '')
    const place = isPathStyle ? host : `${bucket}.${host}`
    const path = `${base}${isPathStyle ? `/${bucket}` : ''}/${key.split('/').map(escaped).join('/')}`
    const search = Object.entries(query).map(
      ([name, value]) => `${escaped(name)}=${escaped(value)}`,
    )
    const whole = search.length === 0 ? path : `${path}?${search.join('&')}`
    if (credentials === undefined) return { url: `${protocol}//${place}${whole}`, headers }
    const time = new Date(now() + this.#skewMs).toISOString().replace(/[-:]|\.\d+/g, '')
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    const signed = aws4.sign(
      {
        method: 'GET',
        host: place,
        path: whole,
        service: 's3',
        region,
        headers: { ...headers, 'X-Amz-Content-Sha256': EMPTY, 'X-Amz-Date': time },
      },
      { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    )
    const sent = Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)])
    return {
      url: `${protocol}//${place}${signed.path ?? whole}`,
      headers: Object.fromEntries(sent) as Readonly<Record<string, string>>,
    }
  }
}

class ClockSkew extends Error {
  readonly refusal: Error

  constructor(refusal: Error) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** By RFC 3986: all but letters, digits and `-._~`. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
