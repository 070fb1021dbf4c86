type Callback = (...args: never[]) => unknown

interface Entry {
  at: number
  readonly order: number
  readonly everyMs: number | undefined
  readonly ms: number
  readonly run: () => unknown
}

/** 2026-01-01: where the clock of a test starts. */
export const DEFAULT_START = Date.UTC(2026, 0, 1)

/** Timers that fire when somebody moves the clock, in the order of their times and never on their own. */
export class VirtualTime {
  readonly #timers = new Map<VirtualTimer, Entry>()
  readonly #failed: (error: unknown) => void
  #now: number
  #order = 0

  /** @param failed gets what a timer's callback threw */
  constructor(start: number, failed: (error: unknown) => void) {
    this.#now = start
    this.#failed = failed
  }

  /** ms since the epoch */
  get now(): number {
    return this.#now
  }

  setTimeout(callback: Callback, ms?: unknown, ...args: unknown[]): VirtualTimer {
    return this.#start(callback, args, ms, false)
  }

  setInterval(callback: Callback, ms?: unknown, ...args: unknown[]): VirtualTimer {
    return this.#start(callback, args, ms, true)
  }

  clear(timer: unknown): void {
    this.#timers.delete(timer as VirtualTimer)
  }

  /**
   * Moves the clock to the next timer that is due by `until` and fires it, or to `until` when there is none.
   *
   * @returns whether one fired
   */
  step(until: number): boolean {
    let next: [VirtualTimer, Entry] | undefined
    for (const candidate of this.#timers) {
      if (candidate[1].at <= until && (next === undefined || isBefore(candidate[1], next[1])))
        next = candidate
    }
    if (next === undefined) {
      this.#now = Math.max(this.#now, until)
      return false
    }
    const [timer, entry] = next
    this.#now = Math.max(this.#now, entry.at)
    if (entry.everyMs === undefined) this.#timers.delete(timer)
    else entry.at = this.#now + entry.everyMs
    try {
      entry.run()
    } catch (error) {
      this.#failed(error)
    }
    return true
  }

  #start(callback: Callback, args: unknown[], ms: unknown, again: boolean): VirtualTimer {
    if (typeof callback !== 'function') throw new TypeError('the callback must be a function')
    const wait = delay(ms)
    const timer = new VirtualTimer(
      (which) => this.#timers.delete(which),
      (which) => {
        const entry = this.#timers.get(which)
        if (entry !== undefined) entry.at = this.#now + entry.ms
      },
    )
    this.#timers.set(timer, {
      at: this.#now + wait,
      order: ++this.#order,
      everyMs: again ? wait : undefined,
      ms: wait,
      run: () => Reflect.apply(callback, undefined, args),
    })
    return timer
  }
}

/** What `setTimeout` gives, with the methods that Node's has. */
export class VirtualTimer {
  readonly #clear: (timer: VirtualTimer) => void
  readonly #refresh: (timer: VirtualTimer) => void

  constructor(clear: (timer: VirtualTimer) => void, refresh: (timer: VirtualTimer) => void) {
    this.#clear = clear
    this.#refresh = refresh
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  refresh(): this {
    this.#refresh(this)
    return this
  }

  close(): this {
    this.#clear(this)
    return this
  }

  [Symbol.dispose](): void {
    this.#clear(this)
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}

/** As Node reads it: whatever is no time is 1 ms. */
function delay(ms: unknown): number {
  const value = typeof ms === 'number' ? ms : Number(ms)
  return value >= 1 && value <= 0x7fff_ffff ? value : 1
}
