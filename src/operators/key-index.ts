import { EngineError } from '#src/errors.ts'
import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { structuralKey } from './structural-key.ts'

/** A level of the index: the next level, or the slot at the last one. */
type Level = Map<unknown, Level | number>

/**
 * Gives each different tuple of key values a number, its slot, counted from 0 in order of appearance. With several
 * values a Map per level, since joining them to one text costs more than the second look-up.
 */
export class KeyIndex {
  readonly #width: number
  readonly #outlives: boolean
  readonly #columns: unknown[][]
  #root: Level = new Map()
  /** Keys of one value that are texts, most of all: found without a look at anything else. */
  #texts = new Map<string, number>()
  #size = 0

  /**
   * @param width how many values a key has; 0: there is one slot at most
   * @param outlives slots are older than the rows that are asked for: a missing value and null are one key, and which of
   *   them came first in the past must not be told
   */
  constructor(width: number, outlives = false) {
    this.#width = width
    this.#outlives = outlives
    this.#columns = Array.from({ length: width }, () => [])
  }

  get size(): number {
    return this.#size
  }

  /** @param values read at once, may be reused by the caller */
  slot(values: readonly unknown[]): number {
    const last = this.#width - 1
    if (last < 0) {
      this.#size = 1
      return 0
    }
    if (last === 0) return this.slotOfOne(values[0])
    let level = this.#root
    for (let i = 0; i < last; i++) level = nextLevel(level, structuralKey(values[i]))
    const key = structuralKey(values[last])
    const known = level.get(key)
    if (known !== undefined) return known as number // the last level holds slots only
    const slot = this.#size++
    level.set(key, slot)
    for (let i = 0; i <= last; i++) (this.#columns[i] as unknown[])[slot] = this.#kept(values[i])
    return slot
  }

  /** The slot of a key of one value. */
  slotOfOne(value: unknown): number {
    if (typeof value === 'string') {
      const known = this.#texts.get(value)
      if (known !== undefined) return known
      this.#texts.set(value, this.#size)
    } else {
      const key = structuralKey(value)
      const known = this.#root.get(key)
      if (known !== undefined) return known as number // the only level holds slots
      this.#root.set(key, this.#size)
    }
    const slot = this.#size++
    ;(this.#columns[0] as unknown[])[slot] = this.#kept(value)
    return slot
  }

  /** Takes the newest slot out again. */
  dropNewest(): void {
    this.#size--
    const values = this.#columns.map((column) => column.pop())
    const [only] = values
    if (this.#width === 1 && typeof only === 'string') this.#texts.delete(only)
    let level = this.#root
    for (let i = 0; i < this.#width - 1; i++) level = nextLevel(level, structuralKey(values[i]))
    if (this.#width > 0) level.delete(structuralKey(values[this.#width - 1]))
  }

  /** The value at `position` of the key in `slot`, as it was first seen. */
  value(slot: number, position: number): unknown {
    return this.#columns[position]?.[slot]
  }

  #kept(value: unknown): unknown {
    return value === undefined && this.#outlives ? null : value
  }

  clear(): void {
    this.#root = new Map()
    this.#texts = new Map()
    this.#size = 0
    for (let i = 0; i < this.#width; i++) this.#columns[i] = []
  }

  /** The keys by position, slots in order. */
  snapshot(): unknown {
    return { size: this.#size, columns: this.#columns.map(packColumn) }
  }

  restore(state: unknown): void {
    const { size, columns } = state as { size: number; columns: unknown[] } // what snapshot made
    if (columns.length !== this.#width) {
      throw new EngineError(
        'bad-state',
        `state has keys of ${columns.length} values, ${this.#width} are expected`,
      )
    }
    const values = columns.map((column) => unpackColumn(column))
    for (let slot = 0; slot < size; slot++) this.slot(values.map((column) => column[slot]))
  }
}

function nextLevel(level: Level, key: unknown): Level {
  const known = level.get(key)
  if (known !== undefined) return known as Level // only the last level holds slots
  const made: Level = new Map()
  level.set(key, made)
  return made
}
