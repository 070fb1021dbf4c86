import { packColumn, unpackColumn } from '#src/state/columns.ts'

/** The times at which sliding windows were triggered that wait for their delay to pass. */
export class Delayed {
  readonly #delayMs: number
  readonly #fire: (time: number, end: number) => void
  #times: number[] = []
  #left = 0

  constructor(delayMs: number, fire: (time: number, end: number) => void) {
    this.#delayMs = delayMs
    this.#fire = fire
  }

  /** The oldest that waits. */
  get next(): number | undefined {
    return this.#times[this.#left]
  }

  /** @param time not before those that wait already */
  add(time: number): void {
    this.#times.push(time)
  }

  /** Nothing older than `time` will come: fires what ended before it. Its end belongs to a window. */
  advance(time: number): void {
    let next = this.next
    while (next !== undefined && next + this.#delayMs < time) {
      this.#left++
      this.#fire(next, next + this.#delayMs)
      next = this.next
    }
    if (this.#left > 0 && this.#left * 2 >= this.#times.length) {
      this.#times = this.#times.slice(this.#left)
      this.#left = 0
    }
  }

  wakeAt(): number {
    // A row at the very end may still come; time goes in ms.
    return this.next === undefined ? Number.POSITIVE_INFINITY : this.next + this.#delayMs + 1
  }

  snapshot(): unknown {
    return packColumn(this.#times.slice(this.#left))
  }

  restore(state: unknown): void {
    this.#times = unpackColumn(state) as number[]
    this.#left = 0
  }
}
