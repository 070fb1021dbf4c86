import type { Call } from '#src/plan/expression.ts'

/** Thrown through an expression whose value has to be waited for: a plugin's function answered with a promise. */
export class Suspension extends Error {
  override readonly name = 'Suspension'
  readonly call: number
  readonly promise: Promise<unknown>

  constructor(call: Call, promise: Promise<unknown>) {
    super(`function ${call.name} answered with a promise where nothing waits for it`)
    this.call = call.id
    this.promise = promise
    // Whoever waits for it hears of its failure; where nobody does, this error is the row's.
    promise.catch(() => {})
  }
}

/** What the plugins' functions have answered for one row, by call: none is called twice. */
export type Answers = Map<number, Answer>

export type Answer = { readonly value: unknown } | { readonly error: unknown }

type Function = (...args: unknown[]) => unknown

/**
 * Lets compiled expressions, which are synchronous, call functions that are not: the expression is left by a
 * `Suspension`, and evaluated again when the answer is there.
 */
export class Suspender {
  #answers: Answers | undefined

  /** The function behind a call, as expressions get it. */
  wrap(call: Call, target: Function): Function {
    return (...args) => {
      const answers = this.#answers
      const known = answers?.get(call.id)
      if (known !== undefined) {
        if ('error' in known) throw known.error
        return known.value
      }
      const value = target(...args)
      if (value instanceof Promise) throw new Suspension(call, value)
      answers?.set(call.id, { value })
      return value
    }
  }

  /** Evaluates `step` with the answers that there are for its row; new ones are added. */
  run<T>(answers: Answers, step: () => T): T {
    const outer = this.#answers
    this.#answers = answers
    try {
      return step()
    } finally {
      this.#answers = outer
    }
  }
}
