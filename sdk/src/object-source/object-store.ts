import { codeOf, saysRetry } from './errors.ts'
import type { OffsetMap } from './offset-map.ts'

/** What an author says of a store; the rest is the layer's affair. `K` is a key in it, `N` an object as it lists them. */
export interface ObjectStore<K, N> {
  /** In ascending order of keys, those behind `startAfter`; more is no harm, and is left out. */
  list(startAfter: K | undefined, signal: AbortSignal): AsyncIterable<N> | Iterable<N>
  nativeKey(object: N): K
  /** Where the object is: `{ bucket, objectKey }`, `{ table, primaryKey }`. The key of its entry. */
  keyParts(object: N): OffsetMap
  /** Of text that `String(key)` gave, and of `native.start.key`. */
  parseNativeKey(text: string): K
  /** The order of `list`. @default of numbers by value, of texts by code point, which is the order of their UTF-8 bytes */
  compareKeys?(a: K, b: K): number
  /** The bytes of an object, from an offset on where `range` is given. */
  open?(
    object: N,
    range: { readonly offset: number } | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>
  /** Some bytes of it. With this, parquet files may be of any size, and `bytes` starts where it stopped. */
  read?(object: N, start: number, end: number, signal: AbortSignal): Promise<Uint8Array>
  /** Instead of `open`, for objects that are records or have them: those after the first `skip`. */
  records?(
    object: N,
    skip: number,
    signal: AbortSignal,
  ): AsyncIterable<unknown> | Iterable<unknown> | Promise<Iterable<unknown>>
  /** In bytes; objects of 0 are never opened. */
  size?(object: N): number
  /** Changes when the object is replaced, like an etag; it is read from its start then. */
  version?(object: N): string | undefined
  /** ms since the epoch. */
  lastModified?(object: N): number | undefined
  /** Whether the same may work in a moment. @default `isTransient` */
  isRetryable?(error: unknown): boolean
}

const socketCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
])
const throttlingNames = /^(SlowDown|Throttling\w*|TooManyRequests\w*|RequestTimeout|TimeoutError)$/
const objectCodes = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR'])

/** Whether an error of a store is of the kind that passes: by status, by name, by the code of a socket. */
export function isTransient(error: unknown): boolean {
  if (saysRetry(error) || socketCodes.has(String(codeOf(error)))) return true
  const status = statusOf(error)
  if (status !== undefined) return status >= 500 || status === 429
  return error instanceof Error && throttlingNames.test(error.name)
}

/** Whether an error is of this one object: it is gone, or may not be read. */
export function isOfObject(error: unknown): boolean {
  if (codeOf(error) === 'skip-object' || objectCodes.has(String(codeOf(error)))) return true
  const status = statusOf(error)
  return status !== undefined && status >= 400 && status < 500 && status !== 429
}

/** Of an answer over HTTP, where clients are used to put it. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { status, statusCode, $metadata } = error as Readonly<Record<string, unknown>>
  const inner = ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode
  return [status, statusCode, inner].find((each) => typeof each === 'number') as number | undefined
}

/** Numbers by value, anything else by the code points of its text. */
export function compareNativeKeys(a: unknown, b: unknown): number {
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0
  const [x, y] = [String(a), String(b)]
  const length = Math.min(x.length, y.length)
  for (let i = 0; i < length; i++) {
    const [p, q] = [x.charCodeAt(i), y.charCodeAt(i)]
    if (p !== q) return lifted(p) - lifted(q)
  }
  return x.length - y.length
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Surrogates stand for what is beyond all other units. */
function lifted(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
