/** How long a burst may be held up in all, ms. */
const HOLD_MS = 1000

/**
 * What cannot wait in its protocol may still come a little later: while the buffer is nearly full, the kernel's memory
 * and the broker's hold a burst. What lasts longer is no burst: it is to be dropped here, where drops are counted, and
 * not by the broker, which tells nobody.
 */
export class BurstHold {
  readonly #now: () => number
  #capacity = 0
  /** When it got nearly full; 0: it has been half empty since. */
  #since = 0

  constructor(now: () => number = performance.now.bind(performance)) {
    this.#now = now
  }

  /** For how many ms at most reading may stop now. 0: read on. */
  waitMs(room: number): number {
    if (room > this.#capacity) this.#capacity = room
    if (room * 2 >= this.#capacity) this.#since = 0
    if (room * 8 > this.#capacity) return 0
    const now = this.#now()
    if (this.#since === 0) this.#since = now
    return Math.max(0, HOLD_MS - (now - this.#since))
  }
}
