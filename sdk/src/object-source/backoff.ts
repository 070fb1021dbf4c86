import { abortError, isAbort } from './errors.ts'

/** What a back-off keeps within. */
export interface BackoffConfig {
  /** ms that are left. */
  timeRemaining(): number
  /** Told when a wait would not fit in what is left. */
  abort(): void
  /** Wait no more once the waits have grown to the time that is left. @default true */
  readonly applyTimerRule?: boolean | undefined
}

/** Resolves after `ms`; rejects with an AbortError when the signal aborts. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>

export interface BackoffParts {
  /** From 0 to below 1. */
  readonly random?: (() => number) | undefined
  readonly sleep?: Sleep | undefined
}

const MAX_JITTER_MS = 512

/**
 * Waits that double: 2, 4, 8 … ms, each give or take a jitter of its own size, of 512 ms at the most. Waits grow up to
 * the largest power of two in the time that was left at the last reset; 4000 ms give waits of at most 2559 ms.
 */
export class Backoff {
  readonly maxJitter: number = MAX_JITTER_MS
  readonly #config: BackoffConfig
  readonly #random: () => number
  readonly #sleep: Sleep
  #maxCount = 0
  #waitCount = 0

  constructor(config: BackoffConfig, { random, sleep }: BackoffParts = {}) {
    this.#config = config
    this.#random = random ?? Math.random
    this.#sleep = sleep ?? sleepFor
    this.reset()
  }

  /** Whether nothing was waited for since the last reset. */
  get isFresh(): boolean {
    return this.#waitCount === 0
  }

  /** The next wait is a short one again. */
  reset(): void {
    this.#maxCount = countFor(this.#config.timeRemaining())
    this.#waitCount = 0
  }

  /** The next wait without its jitter. */
  estimatedDelay(): number {
    const remaining = this.#config.timeRemaining()
    if (remaining > 0 && this.#waitCount < this.#maxCount) {
      return Math.min(remaining, 2 ** (this.#waitCount + 1))
    }
    return Math.max(remaining, 0)
  }

  /** @throws AbortError when the signal aborts */
  async delay(signal?: AbortSignal): Promise<void> {
    const remaining = this.#config.timeRemaining()
    if (remaining <= 0) return
    if (this.#maxCount === 0) this.#maxCount = countFor(remaining)
    const isRuled = this.#config.applyTimerRule ?? true
    if (isRuled && this.#waitCount >= this.#maxCount) return
    this.#waitCount = Math.min(this.#waitCount + 1, this.#maxCount)
    const wait = this.#jittered(2 ** this.#waitCount)
    if (wait <= 0) return
    if (wait >= remaining) {
      this.#config.abort()
      return
    }
    await this.#sleep(wait, signal)
  }

  /** Like `delay`, but an abort only ends the wait. */
  async cleanDelay(signal?: AbortSignal): Promise<void> {
    try {
      await this.delay(signal)
    } catch (error) {
      if (!isAbort(error) && signal?.aborted !== true) throw error
    }
  }

  #jittered(baseMs: number): number {
    const most = Math.min(MAX_JITTER_MS, baseMs)
    return baseMs + Math.floor(this.#random() * 2 * most) - most
  }
}

function countFor(remainingMs: number): number {
  return remainingMs < 1 ? 0 : Math.trunc(Math.log2(remainingMs))
}

export const sleepFor: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError())
      return
    }
    const onAbort = () => {
      clearTimeout(timer)
      reject(abortError())
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
