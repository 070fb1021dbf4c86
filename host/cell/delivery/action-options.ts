import type { ActionSpec } from '../cell.ts'
import { Properties } from '../connectors/properties.ts'
import { type CipherOptions, readCipher } from './cipher.ts'

/** What the properties of an action say about how its payloads reach the sink, whatever the sink is. */
export interface ActionOptions {
  /** Attempts for payloads whose error may pass; 0: until they are through. */
  readonly retryAttempts: number
  readonly retryDelayMs: number
  readonly retryMaxDelayMs: number
  readonly openTimeoutMs: number
  readonly cipher: CipherOptions | undefined
  readonly deadLetter: ActionSpec | undefined
  readonly cache: CacheOptions | undefined
}

/** Store and forward. Counts are of payloads. */
export interface CacheOptions {
  /** That wait in memory while the sink is slow, before they are written to disk. */
  readonly memoryCacheThreshold: number
  readonly maxDiskCache: number
  readonly maxDiskCacheBytes: number
  /** That are read from disk and sent at once. */
  readonly bufferPageSize: number
  readonly resendIntervalMs: number
  readonly cleanCacheAtStop: boolean
  /** What comes now does not wait behind what is cached. */
  readonly resendAlterQueue: boolean
  readonly resendPriority: -1 | 0 | 1
  readonly resendIndicatorField: string
  readonly resendDestination: string
  readonly cacheFullPolicy: 'pushBack' | 'dropOldest'
}

const policies = ['pushBack', 'dropOldest'] as const

/** @throws CellError `bad-property` naming the property */
export function readActionOptions({ type, props }: ActionSpec): ActionOptions {
  const where = `sink "${type}"`
  const read = new Properties(where, props)
  const cipher = readCipher(read)
  const cache = read.flag('enableCache', false) ? readCache(read) : undefined
  const isPlainJson =
    read.text('format', 'json').toLowerCase() === 'json' &&
    read.text('compression', '') === '' &&
    cipher === undefined
  if (cache !== undefined && cache.resendIndicatorField !== '' && !isPlainJson) {
    read.refuse('resendIndicatorField', 'needs format json without compression and encryption')
  }
  return {
    retryAttempts: read.integer('retryAttempts', 0),
    retryDelayMs: Math.max(1, read.duration('retryDelay', 100)),
    retryMaxDelayMs: Math.max(1, read.duration('retryMaxDelay', 5000)),
    openTimeoutMs: Math.max(1, read.duration('openTimeout', 10_000)),
    cipher,
    deadLetter: readDeadLetter(where, props.deadLetter),
    cache,
  }
}

/** `{"mqtt": {"topic": "failed"}}` @throws CellError `bad-property` */
export function readDeadLetter(where: string, value: unknown): ActionSpec | undefined {
  if (value === undefined || value === null) return undefined
  const read = new Properties(where, { deadLetter: value })
  const [[type, props] = [], ...more] = Object.entries(read.record('deadLetter'))
  if (type === undefined || more.length > 0) {
    return read.refuse('deadLetter', 'must name one sink, such as {"file": {"path": "failed"}}')
  }
  if (typeof props !== 'object' || props === null || Array.isArray(props)) {
    return read.refuse('deadLetter', `must hold the properties of sink "${type}" as an object`)
  }
  return { type, props: { ...props } }
}

function readCache(read: Properties): CacheOptions {
  const page = read.integer('bufferPageSize', 256, 1)
  const priority = read.integer('resendPriority', 0, -1, 1)
  return {
    bufferPageSize: page,
    // Both are pages, as with the peer: a part of one counts as one.
    memoryCacheThreshold: upTo(page, read.integer('memoryCacheThreshold', 1024)),
    maxDiskCache: upTo(page, read.integer('maxDiskCache', 1_024_000, 1)),
    maxDiskCacheBytes: read.integer('maxDiskCacheBytes', 1_073_741_824, 65_536),
    resendIntervalMs: read.duration('resendInterval', 0),
    cleanCacheAtStop: read.flag('cleanCacheAtStop', false),
    resendAlterQueue: read.flag('resendAlterQueue', false),
    resendPriority: priority < 0 ? -1 : priority > 0 ? 1 : 0,
    resendIndicatorField: read.text('resendIndicatorField', ''),
    resendDestination: read.text('resendDestination', ''),
    cacheFullPolicy: read.choice('cacheFullPolicy', 'pushBack', policies),
  }
}

function upTo(page: number, count: number): number {
  return Math.ceil(count / page) * page
}
