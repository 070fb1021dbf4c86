import { FunctionConstructor } from '#src/expressions/captured.ts'
import type { Value } from './compiled.ts'
import type { Row } from './operator.ts'
import { structuralKey } from './structural-key.ts'

/** What rows are joined by. `undefined`: a value is null, which equals nothing. */
export type JoinKey = (row: Row) => unknown

/**
 * Generated, by nothing but the number of values, so that each side has code of its own: the engine then knows what is
 * called in it.
 * @param values one per equality of ON; none: every row has the same key
 */
export function joinKey(values: readonly Value[]): JoinKey {
  if (values.length === 0) return () => null
  const read = values.map((_, i) => `const v${i} = k${i}(row)`)
  const isNull = values.map((_, i) => `v${i} === null || v${i} === undefined`)
  const list = values.map((_, i) => `v${i}`).join(', ')
  const one = `
    if (typeof v0 === 'number') return v0
    if (typeof v0 === 'string' && v0.charCodeAt(0) > 0) return v0`
  const text = `'use strict'
  const [${values.map((_, i) => `k${i}`).join(', ')}] = values
  return (row) => {
    ${values.length === 1 ? `${read[0]}${one}` : ''}
    ${values.length === 1 ? '' : read.map((line, i) => `${line}\n if (${isNull[i]}) return undefined`).join('\n')}
    ${values.length === 1 ? `return ${isNull[0]} ? undefined : composite(v0)` : `return composite([${list}])`}
  }`
  return new FunctionConstructor('values', 'composite', text)(values, structuralKey)
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
