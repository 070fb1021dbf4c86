import { Backoff } from './backoff.ts'
import { BegunObject } from './begun-object.ts'
import type { Codecs } from './codecs.ts'
import { taskFor } from './distribution.ts'
import { endHash } from './end-log.ts'
import { abortError, ObjectSourceError, textOf } from './errors.ts'
import { LookAhead } from './look-ahead.ts'
import type { ObjectContext } from './object-context.ts'
import { type ErrorCounts, ObjectReading } from './object-reading.ts'
import { compareNativeKeys, isTransient, type ObjectStore } from './object-store.ts'
import { ObjectEntry } from './offset-entry.ts'
import type { ProgressMark, ResumableIterator, SourceRecord } from './record.ts'
import type { SourceCommonConfig } from './source-config.ts'
import { ObjectSourceRecord } from './source-record.ts'
import type { TaskContext } from './task-context.ts'
import type { Transformer } from './transformer.ts'
import { transformerFor } from './transformers.ts'
import { Window } from './window.ts'

export interface ObjectIteratorOptions<K, N> {
  readonly store: ObjectStore<K, N>
  readonly config: SourceCommonConfig
  readonly context: TaskContext
  /** For formats beyond those that need no library; by their names in `input.format`. */
  readonly transformers?: readonly Transformer[] | undefined
  /** For anything compressed. */
  readonly codecs?: Codecs | undefined
}

/** What was met since the start. */
export interface ObjectCounts extends ErrorCounts {
  listings: number
  objects: number
  /** Came too late: behind the start of the window when they appeared. Counted in audits only. */
  lateObjects: number
}

/** An object whose turn will come. */
interface Found<N> {
  readonly object: N
  readonly begun: BegunObject | undefined
}

const VERSION = 'version'
/** What objects that were asked for before their turn hold, together. */
const PREFETCH_BYTES = 8 * 2 ** 20
const nothing: readonly ProgressMark[] = Object.freeze([])

/** Records of all objects of a store, one object after the other, listing after listing. */
export class ObjectRecordIterator<K, N> implements ResumableIterator<SourceRecord> {
  readonly counts: ObjectCounts = {
    listings: 0,
    objects: 0,
    lateObjects: 0,
    brokenRecords: 0,
    brokenObjects: 0,
    skippedObjects: 0,
    retries: 0,
  }
  readonly #options: ObjectIteratorOptions<K, N>
  readonly #transformer: Transformer
  readonly #window: Window<K>
  readonly #backoff: Backoff
  readonly #listingBackoff: Backoff
  readonly #ahead: LookAhead<Found<N>>
  readonly #compare: (a: K, b: K) => number
  #marks: ProgressMark[] = []
  #maxLines = 0
  #listing: AsyncIterator<N> | Iterator<N> | undefined
  #reading: ObjectReading<K, N> | undefined
  #current: { readonly key: K; readonly version: string | undefined } | undefined
  #isSettled = false
  #listingTries = 0
  /** When the listing in hand began, if it is one from the very start. */
  #auditFrom: number | undefined
  #lastAudit: number
  /** Hashes of what was finished, or found to be late, since the last audit, and between the two before it. */
  #sinceAudit = new Set<string>()
  #beforeAudit = new Set<string>()

  constructor(options: ObjectIteratorOptions<K, N>) {
    const { store, config, context, transformers, codecs } = options
    const { nativeStartKey, ringBufferSize } = config
    this.#options = options
    this.#transformer = transformerFor(config, transformers ?? [], codecs)
    this.#compare = (a, b) => store.compareKeys?.(a, b) ?? compareNativeKeys(a, b)
    this.#window = new Window({
      resume: context.resume,
      ringBufferSize,
      nativeStartKey:
        nativeStartKey === undefined ? undefined : store.parseNativeKey(nativeStartKey),
      compareKeys: this.#compare,
      parseNativeKey: (text) => store.parseNativeKey(text),
    })
    const always = { timeRemaining: () => 4000, abort: () => {}, applyTimerRule: false }
    this.#backoff = new Backoff(always, context)
    this.#listingBackoff = new Backoff(always, context)
    this.#ahead = new LookAhead(() => this.#find(), Math.max(1, config.prefetchObjects))
    this.#lastAudit = context.now()
  }

  hasNext(): boolean | Promise<boolean> {
    return this.#reading?.isReady === true ? true : this.#advance()
  }

  next(): SourceRecord | Promise<SourceRecord> {
    const reading = this.#reading
    if (reading?.isReady === true) return reading.take()
    return this.#advance().then((found) => {
      if (found && this.#reading !== undefined) return this.#reading.take()
      throw new ObjectSourceError('no-element', 'there is no record now')
    })
  }

  takeReady(): SourceRecord | undefined {
    const reading = this.#reading
    return reading?.isReady === true ? reading.take() : undefined
  }

  takeMarks(): readonly ProgressMark[] {
    if (this.#marks.length === 0) return nothing
    const marks = this.#marks
    this.#marks = []
    return marks
  }

  /** Broken lines show in the rule only, where each costs itself. */
  useLines(): void {
    const { errorsTolerance, maxPollRecords } = this.#options.config
    if (errorsTolerance === 'all') this.#maxLines = maxPollRecords
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading?.close()
    for (const { begun } of await this.#ahead.clear()) await begun?.close()
    await this.#listing?.return?.()
    this.#reading = undefined
    this.#listing = undefined
  }

  async #advance(): Promise<boolean> {
    for (;;) {
      if (this.#reading !== undefined) {
        if (await this.#reading.more()) {
          const { place, offset } = this.#reading.record
          this.#options.context.offsetManager.addOffset(place, offset)
          return true
        }
        this.#finish(this.#reading.record)
        this.#reading = undefined
      }
      const found = await this.#ahead.take()
      if (found === undefined) {
        this.#endListing()
        return false
      }
      if (this.#isStillWanted(found.object)) this.#begin(found)
      else await found.begun?.close()
    }
  }

  async #find(): Promise<Found<N> | undefined> {
    const object = await this.#nextObject()
    return object === undefined ? undefined : { object, begun: this.#ask(object) }
  }

  /** Asks the store for an object before its turn, where it will be read as a stream. */
  #ask(object: N): BegunObject | undefined {
    const { store, config, context } = this.#options
    const { prefetchObjects } = config
    const readsRanges = this.#transformer.readsRanges && store.read !== undefined
    if (prefetchObjects === 0 || readsRanges || store.records !== undefined) return undefined
    const { open } = store
    if (open === undefined || store.size?.(object) === 0) return undefined
    if (this.#window.isRestored(store.nativeKey(object), store.version?.(object))) return undefined
    return new BegunObject(
      (signal) => open.call(store, object, undefined, signal),
      PREFETCH_BYTES / prefetchObjects,
      context.signal,
    )
  }

  /** The next one of the listing that there is something to do with; `undefined` at its end. */
  async #nextObject(): Promise<N | undefined> {
    const { context } = this.#options
    for (;;) {
      try {
        this.#listing ??= this.#list()
        const { done, value } = await this.#listing.next()
        if (done !== true && !context.signal.aborted) {
          this.#listingTries = 0
          if (this.#isWanted(value)) return value
          continue
        }
        if (done !== true) await this.#listing.return?.()
        this.#listing = undefined
        return undefined
      } catch (error) {
        this.#listing = undefined
        await this.#listingFailed(error)
      }
    }
  }

  /** @throws what ends the task; otherwise it is listed again */
  async #listingFailed(error: unknown): Promise<void> {
    const { store, config, context } = this.#options
    if (context.signal.aborted) throw abortError()
    const isPassing = store.isRetryable?.(error) ?? isTransient(error)
    this.#listingTries++
    if (!isPassing || (config.maxRetries > 0 && this.#listingTries > config.maxRetries)) {
      const after = isPassing ? ` after ${this.#listingTries} tries` : ''
      throw new ObjectSourceError('stop', `listing failed${after}: ${textOf(error)}`, {
        cause: error,
      })
    }
    this.counts.retries++
    context.logger.warn(`listing: ${textOf(error)}; it is tried again`)
    if (this.#listingTries === 1) this.#listingBackoff.reset()
    await this.#listingBackoff.delay(context.signal)
  }

  #list(): AsyncIterator<N> | Iterator<N> {
    const { store, context, config } = this.#options
    const { listings } = this.counts
    const every = config.lateAuditListings
    const isAudit = every > 0 && listings > 0 && listings % every === 0
    this.counts.listings++
    this.#auditFrom = isAudit ? context.now() : undefined
    const { nativeStartKey } = config
    const first = nativeStartKey === undefined ? undefined : store.parseNativeKey(nativeStartKey)
    const listed = store.list(isAudit ? first : this.#window.start, context.signal)
    return Symbol.asyncIterator in listed
      ? listed[Symbol.asyncIterator]()
      : listed[Symbol.iterator]()
  }

  #endListing(): void {
    if (this.#auditFrom !== undefined) {
      this.#lastAudit = this.#auditFrom
      this.#beforeAudit = this.#sinceAudit
      this.#sinceAudit = new Set()
    }
    if (this.#isSettled) return
    this.#isSettled = true
    this.#window.settle()
    this.#marks.push('settled')
  }

  /** Not read since it was found: a listing may name an object twice. */
  #isStillWanted(object: N): boolean {
    const { store } = this.#options
    const key = store.nativeKey(object)
    const about = this.#about(key)
    if (about === undefined || !this.#window.isBehindStart(key)) return false
    return !this.#window.isFinished(key, store.version?.(object), about)
  }

  /** `undefined` for a key that does not match the pattern. */
  #about(key: K): ObjectContext | undefined {
    const { config } = this.#options
    const parts = config.namePattern.match(String(key))
    return parts && { storageKey: key, ...parts, topic: config.topic ?? parts.topic }
  }

  #isWanted(object: N): boolean {
    const { store, config, context } = this.#options
    const key = store.nativeKey(object)
    const about = this.#about(key)
    if (about === undefined) return false
    const mine = taskFor(config.distributionType, context.tasks, about) === context.taskId
    if (!mine) return false
    const version = store.version?.(object)
    if (!this.#window.isBehindStart(key)) {
      this.#audit(object, key, version)
      return false
    }
    return !this.#window.isFinished(key, version, about)
  }

  /** Behind the start, younger than the last audit, and yet not read since: it came too late. */
  #audit(object: N, key: K, version: string | undefined): void {
    const modified = this.#options.store.lastModified?.(object)
    if (this.#auditFrom === undefined || modified === undefined) return
    const hash = endHash(String(key), version)
    if (modified <= this.#lastAudit || this.#sinceAudit.has(hash)) return
    if (this.#beforeAudit.has(hash)) return
    this.#sinceAudit.add(hash)
    this.counts.lateObjects++
    this.#options.context.logger.warn(`object "${String(key)}" came too late to be read`)
  }

  #begin({ object, begun }: Found<N>): void {
    const { store, config, context, codecs } = this.#options
    const key = store.nativeKey(object)
    const version = store.version?.(object)
    this.#current = { key, version }
    const about = this.#about(key) ?? { storageKey: key }
    const { topic } = about
    const entry = this.#entryFor(object, version)
    const record = new ObjectSourceRecord({
      native: object,
      entry,
      context: about,
      key: this.#transformer.getKeyData(key, topic, config),
      meta: metaOf(object, store, key, version),
    })
    if (this.#window.takeRestored(key, version) || store.size?.(object) === 0) {
      this.#finish(record)
      void begun?.close()
      return
    }
    this.counts.objects++
    this.#reading = new ObjectReading({
      store,
      transformer: this.#transformer,
      codecs,
      config,
      record,
      begun,
      backoff: this.#backoff,
      counts: this.counts,
      maxLines: this.#maxLines,
      signal: context.signal,
      warn: (text) => context.logger.warn(text),
    })
  }

  /** Anew for an object that was replaced since. */
  #entryFor(object: N, version: string | undefined): ObjectEntry {
    const { store, context } = this.#options
    const fresh = new ObjectEntry(store.keyParts(object))
    if (version !== undefined) fresh.setProperty(VERSION, version)
    const known = context.offsetManager.getEntry(fresh.getManagerKey(), (data) =>
      fresh.fromProperties(data),
    )
    return known !== undefined && known.getString(VERSION) === version ? known : fresh
  }

  #finish(record: ObjectSourceRecord<N>): void {
    if (this.#current === undefined) return
    const { key, version } = this.#current
    this.#current = undefined
    if (this.#options.config.lateAuditListings > 0) {
      this.#sinceAudit.add(endHash(String(key), version))
    }
    this.#marks.push({ sourcePartition: record.place, ...this.#window.finish(key, version) })
  }
}

function metaOf<K, N>(
  object: N,
  store: ObjectStore<K, N>,
  key: K,
  version: string | undefined,
): Readonly<Record<string, unknown>> {
  const lastModified = store.lastModified?.(object)
  return {
    storageKey: String(key),
    ...(version === undefined ? {} : { version }),
    ...(lastModified === undefined ? {} : { lastModified }),
  }
}
