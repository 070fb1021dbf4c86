import type { OperatorContext, OperatorMetrics } from '#src/operators/operator.ts'
import { COUNTERS_PER_OPERATOR, type OperatorError } from '#src/worker/protocol.ts'

export interface OperatorBookOptions {
  now(): number
  /** Told of every row error, after it was counted. */
  failed(message: string, time: number): void
}

/** The operators of a flow by number: their names in the status, their counters, their last errors. */
export class OperatorBook {
  readonly #options: OperatorBookOptions
  readonly #names: string[] = []
  readonly #metrics: OperatorMetrics[] = []
  /** The last error of each operator since they were taken. */
  readonly #errors = new Map<number, OperatorError>()
  /** `recordsIn` of each operator when it was last looked at. */
  #seen: number[] = []

  constructor(options: OperatorBookOptions) {
    this.#options = options
  }

  get names(): readonly string[] {
    return this.#names
  }

  /** @param kind `decoder`, `filter`, … ; numbered as the peer does: sources are 1, what follows counts from 2 */
  operator(kind: string): OperatorContext {
    const number = 2 + this.#names.filter((name) => name.startsWith('op_')).length
    return this.#context(`op_${number}_${kind}_0`)
  }

  source(stream: string): OperatorContext {
    return this.#context(`source_${stream}_0`)
  }

  /** Operators that had rows since the last call were invoked now. */
  touch(): void {
    const now = this.#options.now()
    for (const [i, metrics] of this.#metrics.entries()) {
      if (metrics.recordsIn !== this.#seen[i]) metrics.lastInvocationAt = now
      this.#seen[i] = metrics.recordsIn
    }
  }

  counters(): Float64Array {
    const counters = new Float64Array(this.#metrics.length * COUNTERS_PER_OPERATOR)
    for (const [i, metrics] of this.#metrics.entries()) {
      const at = i * COUNTERS_PER_OPERATOR
      counters[at] = metrics.recordsIn
      counters[at + 1] = metrics.recordsOut
      counters[at + 2] = metrics.exceptions
      counters[at + 3] = metrics.lastInvocationAt
    }
    return counters
  }

  takeErrors(): readonly OperatorError[] {
    if (this.#errors.size === 0) return []
    const errors = [...this.#errors.values()]
    this.#errors.clear()
    return errors
  }

  #context(name: string): OperatorContext {
    const operator = this.#names.push(name) - 1
    const metrics: OperatorMetrics = {
      recordsIn: 0,
      recordsOut: 0,
      exceptions: 0,
      lastException: '',
      lastExceptionAt: 0,
      lastInvocationAt: 0,
    }
    this.#metrics.push(metrics)
    this.#seen.push(0)
    return {
      metrics,
      rowError: (error, time) => {
        const message = messageOf(error)
        metrics.exceptions++
        metrics.lastException = message
        metrics.lastExceptionAt = this.#options.now()
        this.#errors.set(operator, { operator, message, time: metrics.lastExceptionAt })
        this.#options.failed(message, time)
      },
    }
  }
}

/** What is thrown may come from a plugin: anything, with accessors that throw. */
function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error)
  } catch {
    return 'an error that cannot be shown'
  }
}
