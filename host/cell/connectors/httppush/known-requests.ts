import type { Noted, SourceLedger } from '../connector.ts'

/** Requests with a key that are remembered, at most, and for how long. */
const MAX_KEYS = 10_000
const MAX_AGE_MS = 3_600_000
const PREFIX = 'http '

type Notes = Omit<SourceLedger, 'keys'>

/**
 * What of which request was taken, by idempotency key. It stands in the spool's ledger, so that it survives the end of
 * this process with the tuples that it speaks of; without a spool it is as lasting as they are.
 */
export class KnownRequests {
  readonly #notes: Notes
  readonly #now: () => number
  /** Oldest first. */
  readonly #keys = new Set<string>()

  constructor(ledger: SourceLedger | undefined, now: () => number) {
    this.#notes = ledger ?? passingNotes()
    this.#now = now
    for (const key of ledger?.keys() ?? []) if (key.startsWith(PREFIX)) this.#keys.add(key)
  }

  /** How many of the tuples of this request are taken already. */
  taken(key: string): number {
    return this.#notes.find(PREFIX + key)?.count ?? 0
  }

  /** The tuples that are written from now on are those of this request that are not taken yet. */
  begin(key: string, total: number): void {
    const first = this.#notes.next - this.taken(key)
    this.#notes.note(PREFIX + key, { first, count: total, total, at: this.#now() })
    this.#keys.delete(PREFIX + key)
    this.#keys.add(PREFIX + key)
    this.#forgetOld()
  }

  /** It came to no end: so many tuples of it are taken. */
  broke(key: string, count: number): void {
    const known = this.#notes.find(PREFIX + key)
    if (known !== undefined) this.#notes.note(PREFIX + key, { ...known, count })
  }

  #forgetOld(): void {
    const since = this.#now() - MAX_AGE_MS
    for (const key of this.#keys) {
      const isOld = (this.#notes.find(key)?.at ?? 0) < since
      if (!isOld && this.#keys.size <= MAX_KEYS) break
      this.#keys.delete(key)
      this.#notes.forget(key)
    }
  }
}

function passingNotes(): Notes {
  const notes = new Map<string, Noted>()
  return {
    next: 0,
    find: (key) => notes.get(key),
    note: (key, noted) => void notes.set(key, noted),
    forget: (key) => void notes.delete(key),
  }
}
