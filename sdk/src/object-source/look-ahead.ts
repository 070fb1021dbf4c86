/** What the next objects are, found while one is being read. */
export class LookAhead<T> {
  readonly #next: () => Promise<T | undefined>
  readonly #limit: number
  readonly #found: T[] = []
  #filling: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #isAtEnd = false

  /** @param next one after the other; `undefined` at the end of a listing, then those of the following one */
  constructor(next: () => Promise<T | undefined>, limit: number) {
    this.#next = next
    this.#limit = limit
  }

  /**
   * `undefined` once at the end of each listing, when all before it were taken. What fails while looking ahead fails
   * when what was found before is taken.
   */
  async take(): Promise<T | undefined> {
    for (;;) {
      const first = this.#found.shift()
      if (first !== undefined) {
        this.#fill()
        return first
      }
      if (this.#failure !== undefined) {
        const { error } = this.#failure
        this.#failure = undefined
        throw error
      }
      if (this.#isAtEnd) {
        this.#isAtEnd = false
        return undefined
      }
      this.#fill()
      await this.#filling
    }
  }

  /** Takes back what was found. */
  async clear(): Promise<readonly T[]> {
    this.#isAtEnd = true
    await this.#filling
    return this.#found.splice(0)
  }

  #fill(): void {
    if (this.#isAtEnd || this.#failure !== undefined) return
    this.#filling ??= this.#fillUp().finally(() => {
      this.#filling = undefined
    })
  }

  async #fillUp(): Promise<void> {
    try {
      do {
        const found = await this.#next()
        if (found === undefined) this.#isAtEnd = true
        else this.#found.push(found)
      } while (!this.#isAtEnd && this.#found.length < this.#limit)
    } catch (error) {
      this.#failure = { error }
    }
  }
}
