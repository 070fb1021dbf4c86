import type { BackoffConfig } from './backoff.ts'
import { ObjectSourceError } from './errors.ts'

type TimerState = 'new' | 'running' | 'stopped'

/** A stopwatch with a duration. Used once: start, stop, then `reset` before the next start. */
export class Timer {
  readonly #durationMs: number
  readonly #now: () => number
  #state: TimerState = 'new'
  #startedAt = 0
  #isAborted = false

  /** @param now ms, of a clock that never goes back */
  constructor(durationMs: number, now: () => number = () => performance.now()) {
    this.#durationMs = durationMs
    this.#now = now
  }

  /** The whole duration while it does not run; may fall below 0. */
  get millisecondsRemaining(): number {
    if (this.#state !== 'running') return this.#durationMs
    return this.#durationMs - (this.#now() - this.#startedAt)
  }

  get isExpired(): boolean {
    return this.#isAborted || this.millisecondsRemaining <= 0
  }

  /** Expired from now on, whatever the time. */
  abort(): void {
    this.#isAborted = true
  }

  /** @throws ObjectSourceError `state` when it runs, or was stopped and not reset */
  start(): void {
    if (this.#state === 'running') throw wrong('it runs already')
    if (this.#state === 'stopped') throw wrong('it was stopped; reset it first')
    this.#state = 'running'
    this.#startedAt = this.#now()
    this.#isAborted = false
  }

  /** @throws ObjectSourceError `state` when it does not run */
  stop(): void {
    if (this.#state === 'new') throw wrong('it was not started')
    if (this.#state === 'stopped') throw wrong('it was stopped before')
    this.#state = 'stopped'
  }

  /** As new; does no harm at any time. */
  reset(): void {
    this.#state = 'new'
    this.#isAborted = false
  }

  /** For a back-off that keeps within this timer. */
  getBackoffConfig(): BackoffConfig {
    return {
      timeRemaining: () => this.millisecondsRemaining,
      abort: () => this.abort(),
      applyTimerRule: true,
    }
  }
}

function wrong(why: string): ObjectSourceError {
  return new ObjectSourceError('state', `Timer: ${why}`)
}
