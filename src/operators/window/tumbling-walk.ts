import type { Span } from './tumbling-clock.ts'

/**
 * Windows without rows that fire in a row, at most. Event time can jump, by a wrong clock by years: the windows of such a
 * gap behind these are left out, and it goes on with the window in which the time lies.
 */
export const MOST_EMPTY = 1000

/** The tumbling window that is open, and the way to the next. None is open before the first row and behind the last. */
export class TumblingWalk {
  readonly #spanOf: (time: number) => Span
  readonly #visitsAll: boolean
  start = Number.NEGATIVE_INFINITY
  end = Number.NEGATIVE_INFINITY

  /** @param visitsAll windows in which no row came end too, one after the other */
  constructor(spanOf: (time: number) => Span, visitsAll: boolean) {
    this.#spanOf = spanOf
    this.#visitsAll = visitsAll
  }

  get isOpen(): boolean {
    return this.end !== Number.NEGATIVE_INFINITY
  }

  /** A row came that is not in the window: tells of those that end until then, and opens its own. */
  open(time: number, ended: (span: Span) => void): void {
    if (this.isOpen) this.reach(time, ended)
    else this.enter(this.#spanOf(time))
  }

  /** Tells of each window that ends until then; at the end of the stream, of the open one only. */
  reach(time: number, ended: (span: Span) => void): void {
    if (!this.isOpen || time < this.end) return
    if (time === Number.POSITIVE_INFINITY) {
      ended(this.#leave({ start: Number.NEGATIVE_INFINITY, end: Number.NEGATIVE_INFINITY }))
      return
    }
    ended(this.#leave(this.#next(time)))
    for (let empty = 0; time >= this.end; empty++) {
      if (empty === MOST_EMPTY) this.enter(this.#spanOf(time))
      else ended(this.#leave(this.#next(time)))
    }
  }

  /** Opens that window. */
  enter({ start, end }: Span): void {
    this.start = start
    this.end = end
  }

  #next(time: number): Span {
    return this.#spanOf(this.#visitsAll ? this.end : time)
  }

  #leave(next: Span): Span {
    const { start, end } = this
    this.enter(next)
    return { start, end }
  }
}
