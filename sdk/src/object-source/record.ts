import type { Floor } from './floor.ts'
import type { OffsetMap } from './offset-map.ts'

export interface SchemaAndValue {
  /** As the format has it; null where it has none. */
  readonly schema: unknown
  readonly value: unknown
}

/** One record on its way into the rule. */
export interface SourceRecord {
  /** Where the object is. */
  readonly sourcePartition: OffsetMap
  /** How far into it, after this record. */
  readonly sourceOffset: OffsetMap
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly key: SchemaAndValue
  readonly value: SchemaAndValue
  /** What else SQL reads by `meta(…)`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** ms since the epoch, where the record has a time of its own. */
  readonly timestamp?: number | undefined
  /** About so much memory. @default 100 */
  readonly bytes?: number | undefined
  /** The value is so many records, as lines of JSON; `recordCount` in `meta` is that of the first. */
  readonly lines?: number | undefined
}

/** An object that was read to its end: known by its key from now on, no longer by an offset. */
export interface ObjectEnd {
  readonly sourcePartition: OffsetMap
  /** The native key, as text. */
  readonly key: string
  /** Tells the object from another that replaces it. */
  readonly version?: string | undefined
  /** Listing starts behind this key from now on. */
  readonly startAfter?: string | undefined
  /** What is left of floors of earlier, where it changed. */
  readonly floors?: readonly Floor[] | undefined
}

/** Between records, in their order: an object has ended, or a whole listing was read for the first time. */
export type ProgressMark = ObjectEnd | 'settled'

/**
 * Records one after the other, with no end: where `hasNext` is false there is nothing now, and it is asked again. Both
 * may answer at once, which costs less than a promise.
 */
export interface ResumableIterator<T> {
  hasNext(): boolean | Promise<boolean>
  /** @throws ObjectSourceError `no-element` when there is none */
  next(): T | Promise<T>
  /** The next one where that needs no wait and nothing else happened before it; `undefined` where it does. */
  takeReady?(): T | undefined
  /** What happened before the record that `next` will give, or up to now when `hasNext` was false. */
  takeMarks?(): readonly ProgressMark[]
  /** Called before anything else where several records may come as one, as lines of JSON. */
  useLines?(): void
  [Symbol.asyncDispose]?(): PromiseLike<void>
}
