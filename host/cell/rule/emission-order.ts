import type { Emission } from '#src/worker/protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'

/** Emissions that overtook others, at most. */
const MAX_EARLY = 256

/** Emissions come on two ports, which keep order each but not between them: here they are put in order again. */
export class EmissionOrder {
  #last: number
  readonly #early = new Map<number, Emission>()

  constructor(position: number) {
    this.#last = position
  }

  /** The number of the last payload in order. */
  get last(): number {
    return this.#last
  }

  restart(position: number): void {
    this.#last = position
    this.#early.clear()
  }

  /**
   * @returns what is in order now
   * @throws OffenceError for numbers that came before, or that never come to an end
   */
  take(emission: Emission): Emission[] {
    const due = this.#last + 1
    if (emission.first < due) {
      throw new OffenceError(`emission ${emission.first} of action ${emission.action} came twice`)
    }
    if (emission.first > due) {
      if (this.#early.size >= MAX_EARLY) {
        throw new OffenceError(`emission ${due} of action ${emission.action} never came`)
      }
      this.#early.set(emission.first, emission)
      return []
    }
    const ready: Emission[] = []
    for (let next: Emission | undefined = emission; next !== undefined; ) {
      ready.push(next)
      this.#last = next.first + next.count - 1
      this.#early.delete(next.first)
      next = this.#early.get(this.#last + 1)
    }
    return ready
  }
}
