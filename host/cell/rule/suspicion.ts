import type { Reader } from '../buffer/reader.ts'

/** Deaths with the same tuples in hand after which those are looked at one by one. */
const DEATHS = 2

/** What a suspicion rests on, for the next life of the host. */
export interface Suspects {
  readonly first: number
  readonly end: number
  readonly deaths: number
  readonly alone: number
  readonly killers: readonly number[]
}

/**
 * Finds the tuple that kills a worker. What was in hand at two deaths in a row is fed tuple by tuple; the one that is
 * alone in hand at two deaths is the killer. One death is no proof: a promise that a tuple left behind may be rejected
 * when the next one is in hand.
 */
export class Suspicion {
  readonly #killers = new Set<number>()
  readonly #announced = new Set<number>()
  /** Sequence numbers that were in hand at each of the last deaths: from `#first` to before `#end`. */
  #first = 0
  #end = 0
  #deaths = 0
  /** The tuple that was alone in hand at the last such death. */
  #alone = -1
  /** Tuples before this sequence number are fed one by one. */
  #until = -1
  /** Tuples before this one were in hand at a death: one call at a time. */
  #uneasyUntil = -1

  /** @param before of an earlier life of the host, which a tuple has ended as well */
  constructor(before?: Suspects | undefined) {
    if (before === undefined) return
    const { first, end, deaths, alone, killers } = before
    this.#first = first
    this.#end = end
    this.#deaths = deaths
    this.#alone = alone
    this.#uneasyUntil = end
    if (deaths >= DEATHS) this.#until = end
    for (const killer of killers) this.#killers.add(killer)
  }

  get suspects(): Suspects {
    const killers = [...this.#killers]
    return { first: this.#first, end: this.#end, deaths: this.#deaths, alone: this.#alone, killers }
  }

  /** To be called before the reader is rewound. */
  died(reader: Reader): void {
    const segments = reader.sent.flatMap((call) => call.segments)
    const first = segments[0]?.start.sequence
    const end = segments.at(-1)?.end.sequence
    if (first === undefined || end === undefined) return
    this.#uneasyUntil = Math.max(this.#uneasyUntil, end)
    const isSame = first < this.#end && end > this.#first
    this.#first = isSame ? Math.max(first, this.#first) : first
    this.#end = isSame ? Math.min(end, this.#end) : end
    this.#deaths = isSame ? this.#deaths + 1 : 1
    if (this.#deaths >= DEATHS) this.#until = Math.max(this.#until, this.#end)
    if (end - first > 1) return
    if (first === this.#alone) this.#killers.add(first)
    this.#alone = first
  }

  /** The reader's next tuple was in hand at a death, of whatever cause. */
  isUneasy(reader: Reader): boolean {
    return nextOf(reader) < this.#uneasyUntil
  }

  /** The reader's next tuple is among those that were in hand again and again. */
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
  return reader.upcoming
}
