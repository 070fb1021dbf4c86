import type { Noted, SourceLedger } from '../connectors/connector.ts'

/** As it stands in a record: a key with what is noted of it, or a key alone that is forgotten. */
export type Change = readonly [key: string] | readonly [string, number, number, number, number]

/**
 * What a source has noted beside its tuples: which of the sender's messages they are. A note is written with the group
 * that its tuples are in or before it, never after; so a note whose tuples are not in the spool is of tuples that never
 * became safe, and does not count.
 */
export class Ledger {
  readonly #entries = new Map<string, Noted>()
  /** What a note said before tuples were noted that are not safe yet: it is so again when those are lost. */
  readonly #older = new Map<string, Noted>()
  #next: number
  /** Not written yet. */
  readonly #changes: Change[] = []

  /** @param next sequence number of the first tuple that is not in the spool */
  constructor(changes: readonly Change[] = [], next = 1) {
    this.#next = next
    for (const change of changes) {
      const [key] = change
      if (change.length === 1) {
        this.#entries.delete(key)
        continue
      }
      const [, first, count, total, at] = change
      const safe = Math.min(count, next - first)
      if (safe <= 0) continue
      this.#entries.delete(key)
      this.#entries.set(key, { first, count: safe, total, at })
    }
  }

  get isChanged(): boolean {
    return this.#changes.length > 0
  }

  /** What has to be written next; all of it at the start of a file, so that older files may go. */
  pending(isAll: boolean): readonly Change[] {
    if (!isAll) return [...this.#changes]
    const all: Change[] = []
    for (const [key, noted] of this.#entries) {
      const older = this.#older.get(key)
      if (older !== undefined) all.push(changeOf([key, older]))
      all.push(changeOf([key, noted]))
    }
    return all
  }

  /** How many changes what `pending` gave at that moment stands for. */
  get changes(): number {
    return this.#changes.length
  }

  /** So many of the oldest changes are safe, and all tuples before `next`. */
  wrote(count: number, next: number): void {
    this.#changes.splice(0, count)
    this.#next = next
    for (const key of this.#older.keys()) if (this.#isSafe(key)) this.#older.delete(key)
  }

  /** The side that a source sees. @param next sequence number of the tuple that will be written next */
  of(next: () => number): SourceLedger {
    return {
      get next() {
        return next()
      },
      keys: () => this.#entries.keys(),
      find: (key) => this.#entries.get(key),
      note: (key, noted) => {
        const before = this.#entries.get(key)
        if (before !== undefined && this.#isSafe(key)) this.#older.set(key, before)
        // What is noted last is the newest.
        this.#entries.delete(key)
        this.#entries.set(key, noted)
        this.#changes.push(changeOf([key, noted]))
      },
      forget: (key) => {
        this.#older.delete(key)
        if (this.#entries.delete(key)) this.#changes.push([key])
      },
    }
  }

  #isSafe(key: string): boolean {
    const noted = this.#entries.get(key)
    return noted !== undefined && noted.first + noted.count <= this.#next
  }
}

function changeOf([key, { first, count, total, at }]: readonly [string, Noted]): Change {
  return [key, first, count, total, at]
}
