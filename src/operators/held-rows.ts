import { packColumn, unpackColumn } from '#src/state/columns.ts'
import { BatchBuilder } from './batch-builder.ts'
import type { Output, Row } from './operator.ts'

/** A row that waits for its turn. Rows of one source come in the order of their sequence. */
interface Held {
  readonly row: Row
  readonly time: number
  readonly source: number
}

/**
 * Rows that wait until nothing older can come, in the order (time, source, sequence). Most come nearly in order, so a
 * row is put in its place from the end.
 */
export class HeldRows {
  #held: Held[] = []
  /** How many at the start have left already. */
  #left = 0

  get size(): number {
    return this.#held.length - this.#left
  }

  /** The time of the oldest; `Infinity` when there is none. */
  get oldest(): number {
    return this.#held[this.#left]?.time ?? Number.POSITIVE_INFINITY
  }

  hasOf(source: number): boolean {
    return this.#held.some((held, i) => i >= this.#left && held.source === source)
  }

  add(row: Row, time: number, source: number): void {
    const held = this.#held
    const own: Held = { row, time, source }
    const last = held[held.length - 1]
    if (held.length === this.#left || (last !== undefined && !isBefore(own, last))) {
      held.push(own)
      return
    }
    let low = this.#left
    let high = held.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(own, held[middle] as Held)) high = middle
      else low = middle + 1
    }
    held.splice(low, 0, own)
  }

  /** Sends the rows up to `time`, with those of `time` itself or without, in batches of at most `most`. */
  release(time: number, inclusive: boolean, most: number, output: Output): number {
    const batch = new BatchBuilder()
    let count = 0
    while (this.#left < this.#held.length) {
      const next = this.#held[this.#left] as Held
      if (inclusive ? next.time > time : next.time >= time) break
      this.#left++
      count++
      batch.add(next.row, next.time)
      if (batch.length === most) batch.flush(output)
    }
    if (this.#left > 1024 || this.#left === this.#held.length) {
      this.#held = this.#held.slice(this.#left)
      this.#left = 0
    }
    batch.flush(output)
    return count
  }

  snapshot(): unknown {
    const held = this.#held.slice(this.#left)
    return {
      rows: packColumn(held.map(({ row }) => row)),
      times: packColumn(held.map(({ time }) => time)),
      sources: packColumn(held.map(({ source }) => source)),
    }
  }

  restore(state: unknown): void {
    const saved = state as Record<'rows' | 'times' | 'sources', unknown> // what snapshot made
    const times = unpackColumn(saved.times) as number[]
    const sources = unpackColumn(saved.sources) as number[]
    this.#left = 0
    this.#held = unpackColumn(saved.rows).map((row, i) => ({
      row: row as Row,
      time: times[i] as number,
      source: sources[i] as number,
    }))
  }
}

function isBefore(a: Held, b: Held): boolean {
  return a.time < b.time || (a.time === b.time && a.source < b.source)
}
