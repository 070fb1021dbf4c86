import type { Value } from './compiled.ts'
import type { Row } from './operator.ts'
import { structuralKey } from './structural-key.ts'

/** What rows are joined by. `undefined`: a value is null, which equals nothing. */
export type JoinKey = (row: Row) => unknown

/** @param values one per equality of ON; none: every row has the same key */
export function joinKey(values: readonly Value[]): JoinKey {
  const [first, second] = values
  if (first === undefined) return () => null
  if (second === undefined) {
    return (row) => {
      const value = first(row)
      if (typeof value === 'number') return value
      if (typeof value === 'string' && value.charCodeAt(0) > 0) return value
      return value === null || value === undefined ? undefined : structuralKey(value)
    }
  }
  return (row) => {
    const key: unknown[] = []
    for (const value of values) {
      const part = value(row)
      if (part === null || part === undefined) return undefined
      key.push(part)
    }
    return structuralKey(key)
  }
}

/** One side of a join by key: rows in order, and of each key a chain through those that have it. */
export class JoinSide {
  readonly rows: readonly Row[]
  readonly #heads = new Map<unknown, number>()
  /** By row: the next one of its key, -1 at the end of the chain. */
  readonly #next: Int32Array

  /** @param failed told of a row whose key cannot be computed: it joins nothing */
  constructor(rows: readonly Row[], key: JoinKey, failed: (error: unknown) => void) {
    this.rows = rows
    this.#next = new Int32Array(rows.length)
    const heads = this.#heads
    // From the end, so that each chain is in the order of the rows.
    for (let i = rows.length - 1; i >= 0; i--) {
      try {
        const own = key(rows[i] as Row)
        if (own === undefined) continue
        this.#next[i] = heads.get(own) ?? -1
        heads.set(own, i)
      } catch (error) {
        failed(error)
      }
    }
  }

  /** The first row of that key; -1: there is none. */
  first(key: unknown): number {
    return key === undefined ? -1 : (this.#heads.get(key) ?? -1)
  }

  next(index: number): number {
    return this.#next[index] as number
  }
}
