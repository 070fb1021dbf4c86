/** So many tuples of one burst share a look at the clock. */
const TUPLES_PER_LOOK = 64

/** Stamps the tuples of one source: ms since the epoch, never decreasing. */
export class ArrivalClock {
  readonly #now: () => number
  #latest = 0
  #lastStamp = 0
  #left = 0

  /** @param latest of an earlier life */
  constructor(now: () => number, latest = 0) {
    this.#now = now
    this.#latest = latest
  }

  /** Of the newest tuple, 0 before the first. */
  get lastStamp(): number {
    return this.#lastStamp
  }

  /** The stamp of one more tuple. */
  stamp(): number {
    if (this.#left === 0) {
      this.look()
      this.#left = TUPLES_PER_LOOK
    }
    this.#left--
    this.#lastStamp = this.#latest
    return this.#latest
  }

  /** The time of now: no later stamp is smaller. */
  look(): number {
    this.#latest = Math.max(this.#latest, this.#now())
    return this.#latest
  }

  /** The next tuple belongs to another burst. */
  endBurst(): void {
    this.#left = 0
  }
}
