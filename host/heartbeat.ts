import { whenLate } from '#host/cell/patience.ts'

export interface HeartbeatOptions {
  /** ms from an answer to the next question. @default 5000 */
  readonly everyMs?: number | undefined
  /** ms that an answer may take. A thread that reads gigabytes or waits for a slow disk is slow, and no reason. @default 30000 */
  readonly silenceMs?: number | undefined
  ask(): void
  /** Called once: nothing came back. */
  onSilence(silenceMs: number): void
}

/**
 * Asks another process whether it turns, and waits for its answer. Only time counts in which this process was on time: a
 * machine that was suspended or is overloaded is nobody's silence.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #next: NodeJS.Timeout | undefined
  #stopWaiting = () => {}

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** Also begins. */
  answered(): void {
    this.end()
    this.#next = setTimeout(() => this.#ask(), this.#options.everyMs ?? 5000)
  }

  end(): void {
    clearTimeout(this.#next)
    this.#stopWaiting()
  }

  #ask(): void {
    const { silenceMs = 30_000, ask, onSilence } = this.#options
    this.#stopWaiting = whenLate(silenceMs, () => onSilence(silenceMs))
    ask()
  }
}
