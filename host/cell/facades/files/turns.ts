import { FacadeError } from '../facade-error.ts'

/** Lets so many pieces of work go on at one time; the others wait, in order. */
export class Turns {
  readonly #atOnce: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0
  #isClosed = false

  constructor(atOnce: number, maxWaiting: number) {
    this.#atOnce = atOnce
    this.#maxWaiting = maxWaiting
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#maxWaiting)
        throw new FacadeError('ERR_PLUGIN_LIMIT', 'too many calls of files at one time')
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      if (this.#isClosed) throw new FacadeError('ECONNABORTED', 'the rule is closing')
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // its turn is handed over: nobody can come between
      if (next === undefined) this.#running--
      else next()
    }
  }

  /** What has begun comes to its end; nothing more begins. */
  close(): void {
    this.#isClosed = true
  }
}
