/** A clock that was set is noticed within this time: the hour that it was behind is not slept through. */
const MAX_WAIT_MS = 5000

/** Calls once at a time of day; a new time replaces the one before. */
export class WakeTimer {
  readonly #wake: () => void
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY
  /** Stands until then, whatever `set` says. */
  #latest = Number.POSITIVE_INFINITY

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** @param at ms since the epoch; `null`: not any more */
  set(at: number | null): void {
    this.#start(Math.min(at ?? Number.POSITIVE_INFINITY, this.#latest))
  }

  /**
   * Not later than this: said out of turn, it may come before what `set` is told and be the newer of the two.
   *
   * @param at ms since the epoch; `null`: as it is
   */
  hasten(at: number | null): void {
    this.#latest = Math.min(this.#latest, at ?? Number.POSITIVE_INFINITY)
    this.#start(Math.min(this.#at, this.#latest))
  }

  #start(at: number): void {
    if (at === this.#at && this.#timer !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = at
    if (at === Number.POSITIVE_INFINITY) return
    const wait = Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(at - Date.now())))
    this.#timer = setTimeout(() => this.#due(), wait)
  }

  #due(): void {
    this.#timer = undefined
    if (Date.now() < this.#at) this.#start(this.#at)
    else {
      this.#at = Number.POSITIVE_INFINITY
      this.#latest = Number.POSITIVE_INFINITY
      this.#wake()
    }
  }
}
