import { ObjectSourceError } from './errors.ts'
import { copyMap, mapKey, type OffsetMap, type OffsetValue } from './offset-map.ts'

/** Says where an object is; two keys are one when their maps are equal. */
export interface OffsetManagerKey {
  getPartitionMap(): OffsetMap
}

/** How far into an object reading has come. */
export interface OffsetManagerEntry<E> {
  /** Another entry of the same kind and the same key around a copy of `properties`; null for null. */
  fromProperties(properties: OffsetMap): E
  fromProperties(properties: null | undefined): null
  /** A copy, with the record count under `recordCount`. */
  getProperties(): OffsetMap
  getProperty(name: string): OffsetValue | undefined
  /** @throws ObjectSourceError for `recordCount`, which only `incrementRecordCount` changes */
  setProperty(name: string, value: OffsetValue): void
  /** @throws RangeError when it is no whole number, or beyond 2^53 */
  getInteger(name: string): number | undefined
  getLong(name: string): bigint | undefined
  getString(name: string): string | undefined
  /** The map that says where the object is. */
  getManagerKey(): OffsetMap & OffsetManagerKey
  incrementRecordCount(): void
  getRecordCount(): number
  /** By place, then by record count. */
  compareTo(other: E): number
}

export const RECORD_COUNT = 'recordCount'

/** An entry over a key of any parts: `{ bucket, objectKey }`, `{ table, primaryKey }`. */
export class ObjectEntry implements OffsetManagerEntry<ObjectEntry> {
  readonly #key: OffsetMap
  readonly #data: Map<string, OffsetValue>
  #recordCount: number

  constructor(key: OffsetMap, properties: OffsetMap = {}) {
    this.#key = copyMap(key)
    this.#data = new Map(Object.entries(properties))
    this.#recordCount = countOf(this.#data.get(RECORD_COUNT))
    this.#data.delete(RECORD_COUNT)
  }

  fromProperties(properties: OffsetMap): ObjectEntry
  fromProperties(properties: null | undefined): null
  fromProperties(properties: OffsetMap | null | undefined): ObjectEntry | null {
    if (properties === null || properties === undefined) return null
    return new ObjectEntry(this.#key, properties)
  }

  getProperties(): OffsetMap {
    return Object.freeze({ ...Object.fromEntries(this.#data), [RECORD_COUNT]: this.#recordCount })
  }

  getProperty(name: string): OffsetValue | undefined {
    return name === RECORD_COUNT ? this.#recordCount : this.#data.get(name)
  }

  setProperty(name: string, value: OffsetValue): void {
    if (name === RECORD_COUNT) {
      throw new ObjectSourceError(
        'state',
        `"${RECORD_COUNT}" cannot be set; incrementRecordCount counts`,
      )
    }
    this.#data.set(name, value)
  }

  getInteger(name: string): number | undefined {
    const value = this.getLong(name)
    if (value === undefined) return undefined
    const whole = Number(value)
    if (Number.isSafeInteger(whole)) return whole
    throw new RangeError(`"${name}" is ${value}, beyond 2^53; take getLong`)
  }

  /** The same as `getInteger`. */
  getInt(name: string): number | undefined {
    return this.getInteger(name)
  }

  getLong(name: string): bigint | undefined {
    const value = this.getProperty(name)
    if (value === undefined || value === null) return undefined
    if (typeof value === 'bigint') return value
    const whole = Number(value)
    if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
    if (Number.isInteger(whole)) return BigInt(whole)
    throw new RangeError(`"${name}" is no whole number: ${value}`)
  }

  getString(name: string): string | undefined {
    const value = this.getProperty(name)
    return value === undefined || value === null ? undefined : String(value)
  }

  /** The map, which is a key as well: its `getPartitionMap` is not listed among its parts. */
  getManagerKey(): OffsetMap & OffsetManagerKey {
    return keyOf(this.#key)
  }

  incrementRecordCount(by = 1): void {
    this.#recordCount += by
  }

  getRecordCount(): number {
    return this.#recordCount
  }

  compareTo(other: ObjectEntry): number {
    const [mine, theirs] = [mapKey(this.#key), mapKey(other.getManagerKey())]
    if (mine !== theirs) return mine < theirs ? -1 : 1
    return this.#recordCount - other.getRecordCount()
  }
}

/** A key of these parts. */
export function keyOf(parts: OffsetMap): OffsetMap & OffsetManagerKey {
  const copy = Object.fromEntries(Object.entries(parts))
  const key = Object.defineProperty(copy, 'getPartitionMap', { value: () => copyMap(parts) })
  return Object.freeze(key) as OffsetMap & OffsetManagerKey
}

/** What is stored may have been written as a number or as a bigint; anything else counts as nothing read. */
function countOf(stored: OffsetValue | undefined): number {
  const count = typeof stored === 'bigint' ? Number(stored) : stored
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0
}
