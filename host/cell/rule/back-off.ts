import type { RestartStrategy } from '../cell.ts'

/** A rule that ran for so long starts counting from the beginning. ms. */
const CALM_MS = 60_000

/** How long to wait before the next attempt. */
export class BackOff {
  readonly #strategy: RestartStrategy
  #attempts = 0
  /** When it has been calm for long enough since the last wait was over. */
  #calmAt = 0

  constructor(strategy: RestartStrategy) {
    this.#strategy = strategy
  }

  /** What caused the failures is out of the way. */
  reset(): void {
    this.#attempts = 0
  }

  /** @returns ms; `undefined`: all attempts are used up */
  next(): number | undefined {
    const now = performance.now()
    if (now > this.#calmAt) this.#attempts = 0
    const { attempts, delayMs, multiplier, maxDelayMs, jitterFactor } = this.#strategy
    if (this.#attempts >= attempts) return undefined
    const plain = Math.min(maxDelayMs, delayMs * multiplier ** this.#attempts)
    this.#attempts++
    const wait = Math.max(0, plain * (1 + jitterFactor * (Math.random() * 2 - 1)))
    this.#calmAt = now + wait + CALM_MS
    return wait
  }
}

/** After the death of a worker: at once, then more slowly the more often it happens, and for ever. */
export const deathStrategy: RestartStrategy = {
  attempts: Number.POSITIVE_INFINITY,
  delayMs: 20,
  multiplier: 2,
  maxDelayMs: 30_000,
  jitterFactor: 0.1,
}
