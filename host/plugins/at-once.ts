interface Waiting {
  readonly who: string | undefined
  wake(): void
}

/**
 * So many tasks at a time; the others wait. Next is one for whom the fewest run, in the order in which they came: whoever
 * asks for a lot waits for himself.
 */
export class AtOnce {
  readonly #most: number
  readonly #waiting: Waiting[] = []
  readonly #running: (string | undefined)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** @param who for whom it is done. @default it counts for nobody */
  async run<T>(task: () => Promise<T>, who?: string | undefined): Promise<T> {
    await new Promise<void>((wake) => {
      this.#waiting.push({ who, wake })
      this.#next()
    })
    try {
      return await task()
    } finally {
      this.#running.splice(this.#running.indexOf(who), 1)
      this.#next()
    }
  }

  #next(): void {
    if (this.#running.length >= this.#most) return
    const running = this.#waiting.map(({ who }) => this.#runningFor(who))
    const fewest = running.reduce((a, b) => Math.min(a, b), this.#most)
    const [next] = this.#waiting.splice(running.indexOf(fewest), 1)
    if (next === undefined) return
    this.#running.push(next.who)
    next.wake()
  }

  #runningFor(who: string | undefined): number {
    return who === undefined ? 0 : this.#running.filter((each) => each === who).length
  }
}
