import type { Skip } from '#src/flow/frame-note.ts'
import { BorderError, copyLimits, copyValue, viewOf } from './copy.ts'
import { type TupleParts, TupleWriter } from './tuple-writer.ts'

export interface FeedOptions {
  /** Sends frames to the host's buffer; resolves when it has room again. */
  send(chunk: ArrayBuffer, count: number): Promise<void>
  /** Runs after the plugin's turn. */
  later(run: () => void): void
}

/** One of those that hand over. */
export interface FeedInstance {
  /** So many of the tuples that it hands over next are known. */
  known: number
  /** Where the source would go on now, a copy; called after each tuple. */
  offset(): unknown
  /** What a frame says when so many tuples of this one behind its offset are known with it; `undefined`: nothing. */
  skip(known: number): Skip | undefined
  failed(error: unknown): void
}

/** So much waits here while a chunk is on its way; then the plugin is told to wait. */
const SOFT_BYTES = 1_048_576
/** A plugin that goes on all the same ends its source here. */
const HARD_BYTES = 16 * 2 ** 20
const tupleMark = Symbol.for('plutino.tuple')
const tupleLimits = { ...copyLimits, bytes: 16 * 2 ** 20 }

/**
 * What a plugin source hands to `consumer`, on its way into the host's buffer: copied, framed, sent in chunks. All instances
 * of a source share one: an offset says where each of them was, and holds only if their tuples leave in the order of it.
 */
export class SourceFeed {
  readonly #options: FeedOptions
  readonly #writer = new TupleWriter()
  /** The host has not taken the last chunk yet. */
  #sending: Promise<void> | undefined
  #isScheduled = false
  #lastOffset: unknown
  readonly #instances = new Set<FeedInstance>()
  #isBroken = false

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /**
   * Takes a tuple or several.
   *
   * @returns a promise when there is no room: it resolves when there is
   * @throws BorderError naming what cannot cross
   */
  take(data: unknown, meta: unknown, from: FeedInstance): Promise<void> | undefined {
    if (this.#isBroken) throw ended()
    const tuples = tuplesOf(data, meta)
    const offset = from.offset()
    this.#instances.add(from)
    for (const [index, tuple] of tuples.entries()) {
      if (from.known > 0) {
        from.known--
        continue
      }
      // An array has one offset: whoever goes on from within it starts before all of it, and leaves out what is known.
      const place =
        index === tuples.length - 1
          ? { offset, skip: from.skip(0) }
          : { offset: this.#lastOffset, skip: from.skip(index + 1) }
      this.#writer.write({ ...tuple, ...place })
    }
    this.#lastOffset = offset
    return this.#pressure(from)
  }

  /** The source goes on from there. Before the first tuple. */
  begin(offset: unknown): void {
    this.#lastOffset = offset
  }

  /** Resolves when everything is in the host's buffer. */
  async drain(): Promise<void> {
    this.#flush()
    while (this.#sending !== undefined) {
      await this.#sending
      this.#flush()
    }
  }

  #pressure(from: FeedInstance): Promise<void> | undefined {
    const { usedBytes } = this.#writer
    if (this.#sending === undefined) {
      if (usedBytes >= SOFT_BYTES) this.#flush()
      else this.#schedule()
      return undefined
    }
    if (usedBytes < SOFT_BYTES) return undefined
    if (usedBytes > HARD_BYTES) {
      const mib = HARD_BYTES / 2 ** 20
      from.failed(
        new BorderError(`consumer: ${mib} MiB handed over without waiting for its promise`),
      )
    }
    // A promise of its own: the plugin may hang anything on it.
    return this.#sending.then(() => {})
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#options.later(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#sending !== undefined || this.#writer.count === 0) return
    const { buffer, count } = this.#writer.take()
    const sent = this.#options.send(buffer, count).then(
      () => {
        this.#sending = undefined
        this.#flush()
      },
      (error: unknown) => {
        this.#sending = undefined
        this.#isBroken = true
        for (const instance of this.#instances) instance.failed(error)
      },
    )
    this.#sending = sent
  }
}

export function ended(): BorderError {
  return new BorderError('consumer: the source has ended')
}

function tuplesOf(data: unknown, meta: unknown): TupleParts[] {
  if (!Array.isArray(data)) return [tupleOf(data, meta, 'tuple')]
  const { length } = data
  if (length > copyLimits.count) throw new BorderError(`consumer: an array of ${length} tuples`)
  return Array.from({ length }, (_, index) => tupleOf(data[index], meta, `tuple ${index}`))
}

function tupleOf(data: unknown, meta: unknown, what: string): TupleParts {
  if (typeof data !== 'object' || data === null) {
    throw new BorderError(
      `${what}: a row or bytes are wanted, not ${data === null ? 'null' : typeof data}`,
    )
  }
  if (!isMarked(data)) return { message: messageOf(data, what), meta: metaOf(meta, what) }
  const { message, meta: own, timestamp, lines } = data as { [key: string]: unknown }
  const copy = messageOf(message, what)
  const isLines = lines !== undefined && copy instanceof Uint8Array
  return {
    message: copy,
    meta: metaOf(own ?? meta, what),
    timestamp: typeof timestamp === 'number' && Number.isFinite(timestamp) ? timestamp : undefined,
    isLines,
    counter: isLines && typeof lines === 'string' ? lines : undefined,
  }
}

function isMarked(data: object): boolean {
  return (data as { [tupleMark]?: unknown })[tupleMark] === true
}

function messageOf(message: unknown, what: string): TupleParts['message'] {
  // Written into the chunk at once, which is the copy.
  const bytes = typeof message === 'object' && message !== null ? viewOf(message) : undefined
  if (bytes !== undefined && bytes.length <= tupleLimits.bytes) return bytes
  const copy = copyValue(message, what, tupleLimits)
  if (copy instanceof Uint8Array || isRow(copy)) return copy
  throw new BorderError(`${what}: a row is a plain object, or its payload a Uint8Array`)
}

function metaOf(meta: unknown, what: string): Record<string, unknown> | undefined {
  if (meta === undefined || meta === null) return undefined
  const copy = copyValue(meta, `${what}: meta`, tupleLimits)
  if (isRow(copy)) return copy
  throw new BorderError(`${what}: metadata is a plain object`)
}

function isRow(copy: unknown): copy is Record<string, unknown> {
  return (
    typeof copy === 'object' && copy !== null && !Array.isArray(copy) && !(copy instanceof Date)
  )
}
