import { setTimeout as sleep } from 'node:timers/promises'
import type { Network } from '@plutino/sdk'
import { BucketStore } from '../sources/bucket-store.ts'
import { type Credentials, S3Client } from '../sources/s3-client.ts'
import { s3Config } from '../sources/s3-config.ts'

/** The platform's own fetch, with errors of connections as the granted one has them: the `code` on the error itself. */
export const plainFetch: Network['fetch'] = async (url, options = {}) => {
  const { headers = {}, signal = null } = options
  const answer = await fetch(url, { headers: headers as Record<string, string>, signal })
  const { status, statusText, ok, headers: told, body } = answer
  return {
    status,
    statusText,
    ok,
    url: answer.url,
    headers: told,
    body: body === null ? null : withCause(body),
    get bodyUsed() {
      return answer.bodyUsed
    },
    text: () => answer.text(),
    json: () => answer.json(),
    bytes: () => answer.bytes(),
    arrayBuffer: () => answer.arrayBuffer(),
  }
}

async function* withCause(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw error instanceof TypeError && error.cause !== undefined ? error.cause : error
  }
}

export interface StoreOptions {
  readonly credentials?: Credentials
  readonly props?: Readonly<Record<string, unknown>>
  readonly fetch?: Network['fetch']
  readonly now?: () => number
  readonly segment?: number
}

export function storeAt(endpoint: string, options: StoreOptions = {}): BucketStore {
  const { props, now = Date.now, segment } = options
  const { credentials = { accessKeyId: 'key', secretAccessKey: 'secret' } } = options
  const config = s3Config({
    datasource: 'box',
    'aws.s3.endpoint': endpoint,
    'aws.s3.backoff.delay.ms': 1,
    ...props,
  })
  const client = new S3Client({
    fetch: options.fetch ?? plainFetch,
    config,
    credentials,
    now,
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
    random: Math.random,
  })
  return new BucketStore(client, config.bucket, config.maxRetries, segment)
}

export async function keysOf(store: BucketStore, after?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(after, new AbortController().signal)) keys.push(key)
  return keys
}

/** The listed object of a key, as the layer hands it to `open`. */
export async function found(store: BucketStore, key: string) {
  for await (const object of store.list(undefined, new AbortController().signal)) {
    if (object.key === key) return object
  }
  throw new Error(`no object ${key}`)
}

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}
