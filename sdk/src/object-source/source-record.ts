import { codeOf } from './errors.ts'
import type { ObjectContext } from './object-context.ts'
import { type ObjectEntry, RECORD_COUNT } from './offset-entry.ts'
import type { OffsetManager } from './offset-manager.ts'
import { copyMap, type OffsetMap } from './offset-map.ts'
import type { SchemaAndValue, SourceRecord } from './record.ts'
import type { ErrorsTolerance } from './source-config.ts'
import type { Lines } from './transformer.ts'

/** What is set for a topic wins over what the name says. */
export interface RecordParts<N> {
  readonly native: N
  readonly entry: ObjectEntry
  readonly context: ObjectContext
  readonly key: SchemaAndValue
  readonly meta?: Readonly<Record<string, unknown>> | undefined
}

/**
 * An object on its way to records: what it is, how far it was read. What comes in and goes out of context and entry is
 * copied; `emit` is the fast way for one value after the other.
 */
export class ObjectSourceRecord<N> {
  readonly native: N
  readonly #key: SchemaAndValue
  readonly #meta: Readonly<Record<string, unknown>>
  readonly #place: OffsetMap
  #entry: ObjectEntry
  #context: ObjectContext
  #value: SchemaAndValue = { schema: null, value: null }
  /** Of the entry's properties, all but the count. */
  #base: OffsetMap
  #parts: SharedParts | undefined

  constructor({ native, entry, context, key, meta = {} }: RecordParts<N>) {
    this.native = native
    this.#entry = entry.fromProperties(entry.getProperties())
    this.#context = { ...context }
    this.#key = key
    this.#meta = meta
    this.#place = copyMap(entry.getManagerKey())
    this.#base = this.#entry.getProperties()
  }

  get context(): ObjectContext {
    return { ...this.#context }
  }

  set context(context: ObjectContext) {
    this.#context = { ...context }
    this.#parts = undefined
  }

  get entry(): ObjectEntry {
    return this.#entry.fromProperties(this.#entry.getProperties())
  }

  set entry(entry: ObjectEntry) {
    this.#entry = entry.fromProperties(entry.getProperties())
    this.#base = this.#entry.getProperties()
    this.#parts = undefined
  }

  get key(): SchemaAndValue {
    return { ...this.#key }
  }

  get value(): SchemaAndValue {
    return { ...this.#value }
  }

  set value(value: SchemaAndValue) {
    this.#value = { ...value }
  }

  get recordCount(): number {
    return this.#entry.getRecordCount()
  }

  /** Where the object is: the same map for all its records. */
  get place(): OffsetMap {
    return this.#place
  }

  /** How far it was read. */
  get offset(): OffsetMap {
    return Object.freeze({ ...this.#base, [RECORD_COUNT]: this.#entry.getRecordCount() })
  }

  /** Another with a context and an entry of its own, over the same object. */
  duplicate(): ObjectSourceRecord<N> {
    const { native } = this
    const twin = new ObjectSourceRecord({
      native,
      entry: this.#entry,
      context: this.#context,
      key: this.#key,
      meta: this.#meta,
    })
    twin.value = this.#value
    return twin
  }

  /** One more was read that gives no record. */
  leaveOut(): void {
    this.#entry.incrementRecordCount()
  }

  /** The next record of the object. */
  emit(schema: unknown, value: unknown, bytes: number): SourceRecord {
    this.#entry.incrementRecordCount()
    return new EmittedRecord(this.#shared(), this.#entry.getRecordCount(), schema, value, bytes)
  }

  /** The next records of the object, as one. */
  emitLines({ bytes: value, count }: Lines, bytes: number): SourceRecord {
    this.#entry.incrementRecordCount(count)
    const read = this.#entry.getRecordCount()
    return new EmittedRecord(this.#shared(), read, null, value, bytes, count)
  }

  /** Made anew when context or entry were changed. */
  #shared(): SharedParts {
    const { topic, partition } = this.#context
    this.#parts ??= {
      place: this.#place,
      base: this.#base,
      topic,
      partition,
      key: this.#key,
      meta: this.#meta,
    }
    return this.#parts
  }

  /**
   * The record of the value that was set, with what `shape` makes of it; the entry is in the manager then.
   *
   * @returns null for data that is no good and is tolerated
   * @throws the error of such data where it is not; any other error in any case
   */
  getSourceRecord(
    tolerance: ErrorsTolerance,
    manager: OffsetManager,
    shape: (value: SchemaAndValue) => SchemaAndValue = (value) => value,
  ): SourceRecord | null {
    manager.addEntry(this.#entry)
    try {
      const { topic, partition } = this.#context
      const value = shape(this.value)
      const { key } = this
      return {
        sourcePartition: this.#place,
        sourceOffset: this.offset,
        topic,
        partition,
        key,
        value,
      }
    } catch (error) {
      if (codeOf(error) === 'broken-record' && tolerance !== 'none') return null
      throw error
    }
  }
}

/** What all records of an object have in common. */
interface SharedParts {
  readonly place: OffsetMap
  readonly base: OffsetMap
  readonly topic: string | undefined
  readonly partition: number | undefined
  readonly key: SchemaAndValue
  readonly meta: Readonly<Record<string, unknown>>
}

/** One object for each record: its maps are made when they are asked for, of most records never. */
export class EmittedRecord implements SourceRecord {
  readonly #parts: SharedParts
  readonly #count: number
  readonly #schema: unknown
  readonly #value: unknown
  readonly bytes: number
  readonly lines: number | undefined

  constructor(
    parts: SharedParts,
    count: number,
    schema: unknown,
    value: unknown,
    bytes: number,
    lines?: number,
  ) {
    this.lines = lines
    this.#parts = parts
    this.#count = count
    this.#schema = schema
    this.#value = value
    this.bytes = bytes
  }

  get sourcePartition(): OffsetMap {
    return this.#parts.place
  }

  get sourceOffset(): OffsetMap {
    return Object.freeze({ ...this.#parts.base, [RECORD_COUNT]: this.#count })
  }

  get topic(): string | undefined {
    return this.#parts.topic
  }

  get partition(): number | undefined {
    return this.#parts.partition
  }

  get key(): SchemaAndValue {
    return this.#parts.key
  }

  get value(): SchemaAndValue {
    return { schema: this.#schema, value: this.#value }
  }

  get meta(): Readonly<Record<string, unknown>> {
    const first = this.lines === undefined ? this.#count : this.#count - this.lines + 1
    return { ...this.#parts.meta, [RECORD_COUNT]: first }
  }

  /** Whether it stands right behind the other one in the same object. */
  follows(other: EmittedRecord): boolean {
    return this.#parts === other.#parts && this.#count - (this.lines ?? 1) === other.#count
  }

  /** The value alone. */
  get data(): unknown {
    return this.#value
  }
}
