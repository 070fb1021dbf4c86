const NONE = -1

/** How many entries there is room for at first. */
const LEAST_ROOM = 64

/**
 * Panes of groups, by number: which pane, the sequence of its first row, and the next newer one of its group. Numbers of
 * panes that are gone are used again.
 */
export class PaneEntries {
  panes = new Float64Array(LEAST_ROOM)
  sequences = new Float64Array(LEAST_ROOM)
  #next = new Int32Array(LEAST_ROOM)
  #free = NONE
  #made = 0
  #used = 0

  /** Numbers that were given out so far. */
  get made(): number {
    return this.#made
  }

  /** Those of them that are in use. */
  get used(): number {
    return this.#used
  }

  take(pane: number, sequence: number): number {
    this.#used++
    let entry = this.#free
    if (entry === NONE) {
      entry = this.#made++
      if (entry >= this.panes.length) this.#grow()
    } else this.#free = this.#next[entry] as number
    this.panes[entry] = pane
    this.sequences[entry] = sequence
    this.#next[entry] = NONE
    return entry
  }

  /** @returns the one behind it */
  release(entry: number): number {
    const next = this.#next[entry] as number
    this.#next[entry] = this.#free
    this.#free = entry
    this.#used--
    return next
  }

  link(entry: number, next: number): void {
    this.#next[entry] = next
  }

  /** -1: it is the newest. */
  next(entry: number): number {
    return this.#next[entry] as number
  }

  #grow(): void {
    const length = this.panes.length * 2
    this.panes = copied(new Float64Array(length), this.panes)
    this.sequences = copied(new Float64Array(length), this.sequences)
    this.#next = copied(new Int32Array(length), this.#next)
  }
}

function copied<T extends Float64Array | Int32Array>(bigger: T, from: T): T {
  bigger.set(from)
  return bigger
}
