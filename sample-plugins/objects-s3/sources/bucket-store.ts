import { isTransient, type ObjectStore } from '@plutino/sdk/object-source'
import type { S3Client } from './s3-client.ts'
import type { StoredObject } from './s3-listing.ts'

/** What is asked for at a time: the host gives an answer 1 GiB at most, and some minutes. */
const SEGMENT = 256 * 2 ** 20

/** The objects of a bucket below a prefix, in the order of their keys' UTF-8 bytes. */
export class BucketStore implements ObjectStore<string, StoredObject> {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #maxRetries: number
  readonly #segment: number

  constructor(client: S3Client, bucket: string, maxRetries: number, segment = SEGMENT) {
    this.#client = client
    this.#bucket = bucket
    this.#maxRetries = maxRetries
    this.#segment = segment
  }

  async *list(startAfter: string | undefined, signal: AbortSignal): AsyncGenerator<StoredObject> {
    for (let token: string | undefined; ; ) {
      const page = await this.#client.list({ startAfter, token }, signal)
      yield* page.objects
      token = page.token
      if (token === undefined) return
    }
  }

  /** Goes on where it broke off: a connection that ends early costs what was lost of it, not the object. */
  async *open(
    { key, etag, size }: StoredObject,
    range: { readonly offset: number } | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    let at = range?.offset ?? 0
    for (let tries = 0; at < size; ) {
      const end = Math.min(size, at + this.#segment)
      const part = at === 0 && end === size ? undefined : ([at, end] as const)
      try {
        const { body } = await this.#client.get({ key, etag, range: part }, signal)
        for await (const chunk of body ?? []) {
          at += chunk.length
          tries = 0
          yield chunk
        }
        if (at < end) throw cutOff(key, at, size)
      } catch (error) {
        if (signal.aborted || !isTransient(error) || tries >= this.#maxRetries) throw error
        await this.#client.pause(tries++, signal)
      }
    }
  }

  async read(
    { key, etag }: StoredObject,
    start: number,
    end: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    if (start >= end) return new Uint8Array()
    const answer = await this.#client.get({ key, etag, range: [start, end] }, signal)
    return await answer.bytes()
  }

  nativeKey({ key }: StoredObject): string {
    return key
  }

  keyParts({ key }: StoredObject) {
    return { bucket: this.#bucket, objectKey: key }
  }

  parseNativeKey(text: string): string {
    return text
  }

  size({ size }: StoredObject): number {
    return size
  }

  version({ etag }: StoredObject): string | undefined {
    return etag
  }

  lastModified({ lastModified }: StoredObject): number | undefined {
    return lastModified
  }
}

function cutOff(key: string, at: number, size: number): Error {
  const text = `get ${key}: it ended after ${at} of ${size} bytes`
  return Object.assign(new Error(text), { code: 'ECONNRESET' })
}
