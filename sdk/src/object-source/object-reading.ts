import type { Backoff } from './backoff.ts'
import type { BegunObject } from './begun-object.ts'
import { type Codecs, decompressed } from './codecs.ts'
import { abortError, codeOf, ObjectSourceError, textOf } from './errors.ts'
import type { ObjectContext } from './object-context.ts'
import { isOfObject, isTransient, type ObjectStore } from './object-store.ts'
import type { SourceRecord } from './record.ts'
import type { SourceCommonConfig } from './source-config.ts'
import type { ObjectSourceRecord } from './source-record.ts'
import {
  type Batch,
  BrokenRecord,
  Lines,
  type ObjectBody,
  type Transformer,
} from './transformer.ts'

/** What went wrong and was tolerated, since the start. */
export interface ErrorCounts {
  brokenRecords: number
  brokenObjects: number
  skippedObjects: number
  retries: number
}

export interface ReadingOptions<K, N> {
  readonly store: ObjectStore<K, N>
  readonly transformer: Transformer
  readonly codecs: Codecs | undefined
  readonly config: SourceCommonConfig
  readonly record: ObjectSourceRecord<N>
  /** The same object, asked for before its turn. */
  readonly begun?: BegunObject | undefined
  readonly backoff: Backoff
  readonly counts: ErrorCounts
  /** As of a TransformInput. */
  readonly maxLines: number
  readonly signal: AbortSignal
  warn(text: string): void
}

/** One object from where it was left to its end, over as many tries as the store wants. */
export class ObjectReading<K, N> {
  readonly #options: ReadingOptions<K, N>
  readonly #context: ObjectContext
  readonly #record: ObjectSourceRecord<N>
  #batches: AsyncIterator<Batch> | undefined
  #batch: Batch = { schema: null, values: [], bytes: 0 }
  #at = 0
  /** A value stands there; looked at once. */
  #looked = -1
  /** Bytes of one of them. */
  #share = 0
  #tries = 0
  #isOver = false
  #begun: BegunObject | undefined

  constructor(options: ReadingOptions<K, N>) {
    this.#options = options
    this.#begun = options.begun
    this.#record = options.record
    this.#context = options.record.context
  }

  get record(): ObjectSourceRecord<N> {
    return this.#record
  }

  /** Whether `take` gives a record without waiting. @throws ObjectSourceError for a broken record that is not tolerated */
  get isReady(): boolean {
    if (this.#looked === this.#at) return true
    const { values } = this.#batch
    while (this.#at < values.length && !this.#isOver) {
      const value = values[this.#at]
      if (!(value instanceof BrokenRecord)) {
        this.#looked = this.#at
        return true
      }
      this.#at++
      this.#leaveOut(value.error)
    }
    return false
  }

  take(): SourceRecord {
    const { schema, values } = this.#batch
    const value = values[this.#at++]
    if (value instanceof Lines) return this.#record.emitLines(value, this.#share)
    return this.#record.emit(schema, value, this.#share)
  }

  /** Reads on. @returns whether there is a record; if not, the object is at its end */
  async more(): Promise<boolean> {
    while (!this.#isOver) {
      if (this.isReady) return true
      if (this.#isOver) break
      try {
        this.#batches ??= this.#open()
        const { done, value } = await this.#batches.next()
        if (done === true) this.#isOver = true
        else {
          this.#batch = value
          this.#at = 0
          this.#looked = -1
          this.#share = value.bytes / value.values.length
          this.#tries = 0
          this.#options.backoff.reset()
        }
      } catch (error) {
        await this.#failed(error)
      }
    }
    await this.close()
    return false
  }

  async close(): Promise<void> {
    const batches = this.#batches
    this.#batches = undefined
    this.#isOver = true
    await batches?.return?.()
    await this.#takeBegun()?.close()
  }

  #open(): AsyncIterator<Batch> {
    const { store, transformer, codecs, config, record, maxLines, signal } = this.#options
    const { native, recordCount } = record
    if (store.records !== undefined) return this.#ownRecords(recordCount)
    const compression = transformer.compressesItself ? 'none' : config.compression
    const start =
      compression === 'none' && recordCount > 0 && store.read !== undefined
        ? transformer.startAt(recordCount, config)
        : undefined
    const range = start === undefined ? undefined : { offset: start.offset }
    const { read } = store
    const length = store.size?.(native) ?? 0
    if (range !== undefined && range.offset >= length) return emptyBatches()
    const stored: ObjectBody = {
      length,
      open: async () => {
        const begun = range === undefined ? this.#takeBegun() : undefined
        if (begun !== undefined) return begun.chunks()
        if (store.open === undefined)
          throw new ObjectSourceError('configuration', 'the store has neither open nor records')
        return await store.open(native, range, signal)
      },
      read: read && ((from, to) => read.call(store, native, from, to, signal)),
    }
    return transformer.batches({
      body: decompressed(stored, compression, codecs),
      context: this.#context,
      config,
      skip: start?.skip ?? recordCount,
      maxLines,
      signal,
    })
  }

  #takeBegun(): BegunObject | undefined {
    const begun = this.#begun
    this.#begun = undefined
    return begun
  }

  async *#ownRecords(skip: number): AsyncGenerator<Batch, void, undefined> {
    const { store, record, signal } = this.#options
    const records = await store.records?.(record.native, skip, signal)
    if (records !== undefined && Symbol.iterator in records) {
      const values = [...records]
      if (values.length > 0) yield { schema: null, values, bytes: values.length * 200 }
      return
    }
    for await (const value of records ?? []) yield { schema: null, values: [value], bytes: 200 }
  }

  #leaveOut(error: ObjectSourceError): void {
    const { config, counts, record, warn } = this.#options
    if (config.errorsTolerance === 'none') throw error
    record.leaveOut()
    counts.brokenRecords++
    if (config.errorsTolerance === 'all') {
      warn(`${error.message}; it is left out`)
      return
    }
    warn(`${error.message}; the rest of the object is left out`)
    counts.brokenObjects++
    this.#isOver = true
  }

  /** Comes back when it is to be tried again, or when the object is given up. @throws what ends the task */
  async #failed(error: unknown): Promise<void> {
    const { store, config, counts, backoff, signal, warn } = this.#options
    const batches = this.#batches
    this.#batches = undefined
    this.#batch = { schema: null, values: [], bytes: 0 }
    this.#looked = -1
    await batches?.return?.()
    if (signal.aborted) throw abortError()
    const code = codeOf(error)
    if (code === 'stop' || code === 'configuration' || code === 'broken-record') throw error
    const isBroken = code === 'broken-object'
    const isPassing = store.isRetryable?.(error) ?? isTransient(error)
    const name = String(this.#context.storageKey)
    if (!isBroken && isPassing) {
      counts.retries++
      this.#tries++
      if (config.maxRetries > 0 && this.#tries > config.maxRetries) {
        throw stopped(`object "${name}": still failing after ${this.#tries} tries`, error)
      }
      warn(`object "${name}": ${textOf(error)}; it is tried again`)
      await backoff.delay(signal)
      return
    }
    if (config.errorsTolerance === 'none' && code !== 'skip-object') {
      throw isBroken ? error : stopped(`object "${name}" cannot be read`, error)
    }
    if (!isBroken && !isOfObject(error)) throw stopped(`object "${name}" cannot be read`, error)
    if (isBroken) counts.brokenObjects++
    else counts.skippedObjects++
    warn(`object "${name}": ${textOf(error)}; the rest of it is left out`)
    this.#isOver = true
  }
}

async function* emptyBatches(): AsyncGenerator<Batch, void, undefined> {}

function stopped(what: string, cause: unknown): ObjectSourceError {
  return new ObjectSourceError('stop', `${what}: ${textOf(cause)}`, { cause })
}
