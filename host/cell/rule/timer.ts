/** A clock that was set is noticed within this time: the hour that it was behind is not slept through. */
const MAX_WAIT_MS = 5000

/** Calls once at a time of day; a new time replaces the one before. */
export class WakeTimer {
  readonly #wake: () => void
  #timer: NodeJS.Timeout | undefined
  #at: number | null = null

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** @param at ms since the epoch; `null`: not any more */
  set(at: number | null): void {
    if (at === this.#at && this.#timer !== undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = at
    if (at === null) return
    const wait = Math.min(MAX_WAIT_MS, Math.max(1, Math.ceil(at - Date.now())))
    this.#timer = setTimeout(() => this.#due(), wait)
  }

  /** Not later than this: what is said out of turn may be old. @param at ms since the epoch; `null`: as it is */
  hasten(at: number | null): void {
    if (at !== null && (this.#at === null || at < this.#at)) this.set(at)
  }

  #due(): void {
    this.#timer = undefined
    if (this.#at !== null && Date.now() < this.#at) this.set(this.#at)
    else this.#wake()
  }
}
