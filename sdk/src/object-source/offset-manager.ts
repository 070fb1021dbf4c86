import type { OffsetManagerEntry, OffsetManagerKey } from './offset-entry.ts'
import { copyMap, mapKey, type OffsetMap } from './offset-map.ts'
import type { SourceRecord } from './record.ts'

/** Where offsets of earlier are kept: in Plutino, what came out of the rule's checkpoint and was accepted since. */
export interface OffsetStorageReader {
  offset(partition: OffsetMap): OffsetMap | undefined
  /** One answer for each, in order. */
  offsets(partitions: readonly OffsetMap[]): readonly (OffsetMap | undefined)[]
}

/**
 * What is known of the objects in hand: what was stored, and over it what was read and is on its way. An entry goes once
 * its last record on its way was taken into the table of which checkpoints are made; then the table answers.
 */
export class OffsetManager {
  readonly #reader: OffsetStorageReader
  readonly #cache = new Map<string, OffsetMap>()

  constructor(reader: OffsetStorageReader) {
    this.#reader = reader
  }

  /** @param creator makes the entry of what is known; not called where nothing is */
  getEntry<E>(key: OffsetManagerKey, creator: (data: OffsetMap) => E): E | undefined {
    const partition = key.getPartitionMap()
    const text = mapKey(partition)
    let data = this.#cache.get(text)
    if (data === undefined) {
      data = this.#reader.offset(partition)
      if (data === undefined || Object.keys(data).length === 0) return undefined
      this.#cache.set(text, copyMap(data))
    }
    return creator(data)
  }

  /** What `getEntry` gives from now on. Called when an entry has become part of a record. */
  addEntry<E>(entry: Pick<OffsetManagerEntry<E>, 'getManagerKey' | 'getProperties'>): void {
    this.#cache.set(mapKey(entry.getManagerKey().getPartitionMap()), entry.getProperties())
  }

  /** The same, of an offset that is made already. */
  addOffset(partition: OffsetMap, offset: OffsetMap): void {
    this.#cache.set(mapKey(partition), offset)
  }

  /** Forgets what is on its way; the next `getEntry` asks what is stored. Of a record: unless a later one is on its way. */
  remove(which: OffsetManagerKey | SourceRecord): void {
    if (!('sourcePartition' in which)) {
      this.#cache.delete(mapKey(which.getPartitionMap()))
      return
    }
    const text = mapKey(which.sourcePartition)
    const data = this.#cache.get(text)
    if (data !== undefined && mapKey(data) === mapKey(which.sourceOffset)) this.#cache.delete(text)
  }

  /** The same as `remove`. */
  removeEntry(which: OffsetManagerKey | SourceRecord): void {
    this.remove(which)
  }

  /** Asks for many at once, so that `getEntry` need not ask for each. */
  populateOffsetManager(keys: readonly OffsetManagerKey[]): void {
    const partitions = keys.map((key) => key.getPartitionMap())
    const found = this.#reader.offsets(partitions)
    for (const [i, partition] of partitions.entries()) {
      const data = found[i]
      if (data !== undefined) this.#cache.set(mapKey(partition), copyMap(data))
    }
  }

  /** How many are on their way, or were asked for. */
  get size(): number {
    return this.#cache.size
  }
}
