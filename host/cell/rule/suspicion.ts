import type { Reader } from '../buffer/reader.ts'

/** Deaths with the same first tuple in hand after which tuples are looked at one by one. */
const DEATHS = 2

/**
 * Finds the tuple that kills a worker. After two deaths with the same first unacknowledged tuple, all that was in hand
 * then is fed tuple by tuple; the one that is alone in hand at two deaths is the killer. One death is no proof: a promise
 * that a tuple left behind may be rejected when the next one is in hand.
 */
export class Suspicion {
  readonly #killers = new Set<number>()
  readonly #announced = new Set<number>()
  #first = -1
  #deaths = 0
  /** Tuples before this sequence number are fed one by one. */
  #until = -1
  /** Tuples before this one were in hand at a death: one call at a time. */
  #uneasyUntil = -1

  /** To be called before the reader is rewound. */
  died(reader: Reader): void {
    const segments = reader.sent.flatMap((call) => call.segments)
    const [oldest] = segments
    const newest = segments.at(-1)
    if (oldest === undefined || newest === undefined) return
    this.#uneasyUntil = Math.max(this.#uneasyUntil, newest.end.sequence)
    const first = oldest.start.sequence
    const isSingle = newest.end.sequence - first === 1
    this.#deaths = first === this.#first ? this.#deaths + 1 : 1
    this.#first = first
    if (this.#deaths < DEATHS) return
    this.#until = Math.max(this.#until, newest.end.sequence)
    if (!isSingle) return
    this.#killers.add(first)
    this.#deaths = 0
  }

  /** The reader's next tuple was in hand at a death, of whatever cause. */
  isUneasy(reader: Reader): boolean {
    return nextOf(reader) < this.#uneasyUntil
  }

  /** The reader's next tuple is among those that were in hand. */
  isNear(reader: Reader): boolean {
    return nextOf(reader) < this.#until
  }

  isKiller(reader: Reader): boolean {
    return this.#killers.size > 0 && this.#killers.has(nextOf(reader))
  }

  /** False when this one was named before: a source that was rewound brings it again. */
  isNew(sequence: number): boolean {
    if (this.#announced.has(sequence)) return false
    this.#announced.add(sequence)
    return true
  }
}

function nextOf(reader: Reader): number {
  return reader.again[0]?.start.sequence ?? reader.sequence
}
