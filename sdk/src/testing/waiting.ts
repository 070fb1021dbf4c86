/** Real ms after which a test is told what it waits for in vain. */
const PATIENCE_MS = 30_000

/** Waits in a test for something that an extension does. */
export class Waiting {
  #wake = Promise.withResolvers<void>()

  wake(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  /** @throws Error that says what is missing, after 30 s */
  async until(isThere: () => boolean, missing: () => string): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    late.catch(() => {})
    const timer = setTimeout(() => {
      const hint = 'does it wait for the clock (clock.advance), or for a power (grants)?'
      reject(new Error(`${missing()} within ${PATIENCE_MS / 1000} s; ${hint}`))
    }, PATIENCE_MS)
    try {
      while (!isThere()) await Promise.race([this.#wake.promise, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
