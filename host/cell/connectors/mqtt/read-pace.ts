/** So much in one turn of the event loop, and everyone else comes first. */
const TURN_BYTES = 262_144
/** From this rate on reads are coalesced: below it latency counts, above it system calls do. */
const BUSY_PACKETS_PER_MS = 40
/** Reads that bring so much need no coalescing. */
const LARGE_READ_PACKETS = 256
/** Over how long the rate is taken, ms. */
const WINDOW_MS = 2

/** What to do before the next read: nothing, let others have their turn, or wait until more is there. */
export type Pause = 'none' | 'turn' | 'moment'

/**
 * Decides when a socket is read. A broker under load writes a packet or two at a time, and then a read for each costs
 * more than all that is done with it; and libuv reads a socket that always has something 32 times before it looks at
 * anything else, the acknowledgements of the workers included.
 */
export class ReadPace {
  readonly #now: () => number
  #turnBytes = 0
  #windowFrom: number
  #windowPackets = 0
  #isBusy = false

  constructor(now: () => number = performance.now.bind(performance)) {
    this.#now = now
    this.#windowFrom = now()
  }

  /** A read brought so much. */
  after(bytes: number, packets: number): Pause {
    this.#windowPackets += packets
    const now = this.#now()
    const elapsed = now - this.#windowFrom
    if (elapsed >= WINDOW_MS) {
      this.#isBusy = this.#windowPackets >= elapsed * BUSY_PACKETS_PER_MS
      this.#windowFrom = now
      this.#windowPackets = 0
    }
    this.#turnBytes += bytes
    if (this.#turnBytes >= TURN_BYTES) return 'turn'
    return this.#isBusy && packets < LARGE_READ_PACKETS ? 'moment' : 'none'
  }

  /** The event loop has gone on. */
  turned(): void {
    this.#turnBytes = 0
  }
}
