/** So many tasks at a time; the others wait in the order in which they came. */
export class AtOnce {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(most: number) {
    this.#most = most
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running++
    else await new Promise<void>((wake) => this.#waiting.push(wake))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      // whoever is woken has this one's place
      if (next === undefined) this.#running--
      else next()
    }
  }
}
