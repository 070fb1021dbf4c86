import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** On Ctrl-C npm passes on what the terminal has sent already: two that come together are one. */
const PATIENCE_MS = 1000
/** As a shell says it of what SIGINT ended. */
export const INTERRUPTED = 130

/** SIGINT and SIGTERM: the first ends what goes on in order, a later one the process. */
export class Interruption {
  #controller = new AbortController()
  #first: number | undefined

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#heard())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** @throws when it is interrupted */
  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal })
  }

  /** Looks every few ms. @returns false when it did not become true in time @throws when it is interrupted */
  async until(isTrue: () => Promise<boolean>, ms: number): Promise<boolean> {
    const end = performance.now() + ms
    while (!(await isTrue())) {
      if (performance.now() >= end) return false
      await this.sleep(20)
    }
    return true
  }

  /** Until it comes, which is then what was wanted, and interrupts nothing. */
  async wanted(): Promise<void> {
    if (!this.signal.aborted) await once(this.signal, 'abort')
    this.#controller = new AbortController()
  }

  #heard(): void {
    this.#first ??= performance.now()
    if (performance.now() - this.#first > PATIENCE_MS) process.exit(INTERRUPTED)
    this.#controller.abort()
  }
}
