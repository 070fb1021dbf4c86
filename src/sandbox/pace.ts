/** A function to call back later; the thread's own timer. */
type Later = (run: () => void, ms: number) => unknown

export interface PaceOptions {
  /** ms, monotonic */
  now(): number
  readonly later: Later
}

/** Messages a second, and at once: some 10 % of the host's thread. */
const PER_SECOND = 20_000
const AT_ONCE = 4000
const LOOK_MS = 5

/**
 * What one package sends the host, in its order and at a pace that the host's thread can bear: what is more waits here, in
 * the memory of the worker, which has its limit.
 */
export class Pace {
  readonly #options: PaceOptions
  #waiting: (() => void)[] = []
  /** Sent of `waiting`. */
  #next = 0
  #clear: (() => void)[] = []
  #tokens = AT_ONCE
  #filledAt: number
  #isPlanned = false

  constructor(options: PaceOptions) {
    this.#options = options
    this.#filledAt = options.now()
  }

  /** Something waits: who can send more in one message should. */
  get isBehind(): boolean {
    return this.#next < this.#waiting.length
  }

  send(step: () => void): void {
    if (!this.isBehind && this.#take()) {
      step()
      return
    }
    this.#waiting.push(step)
    this.#plan()
  }

  /** Calls back once, when nothing waits any more. */
  whenClear(run: () => void): void {
    if (this.isBehind) this.#clear.push(run)
    else run()
  }

  close(): void {
    this.#waiting = []
    this.#next = 0
    this.#clear = []
  }

  #take(): boolean {
    if (this.#tokens < 1) {
      const now = this.#options.now()
      const fresh = ((now - this.#filledAt) * PER_SECOND) / 1000
      this.#tokens = Math.min(AT_ONCE, this.#tokens + fresh)
      this.#filledAt = now
    }
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    this.#options.later(() => {
      this.#isPlanned = false
      this.#go()
    }, LOOK_MS)
  }

  #go(): void {
    for (; this.isBehind && this.#take(); this.#next++) this.#waiting[this.#next]?.()
    if (this.isBehind) {
      this.#plan()
      return
    }
    this.#waiting = []
    this.#next = 0
    const clear = this.#clear
    this.#clear = []
    for (const run of clear) run()
  }
}
