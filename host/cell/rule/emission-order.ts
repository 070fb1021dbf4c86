import type { Emission } from '#src/worker/protocol.ts'
import { framedBytes } from '../buffer/chunk.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'

/** Emissions that overtook others, at most. */
const MAX_EARLY = 256
const MAX_EARLY_BYTES = 16_777_216

/**
 * Emissions come on two ports, which keep order each but not between them: here they are put in order again. A worker
 * that went back to a checkpoint emits again what the one before it had emitted, with the same numbers: that is left out.
 */
export class EmissionOrder {
  /** The last number of this worker's life. */
  #last: number
  /** The last number of all lives. */
  #seen: number
  readonly #early = new Map<number, Emission>()
  #earlyBytes = 0

  /** @param seen payloads up to this number were taken in an earlier life of the host */
  constructor(position: number, seen = position) {
    this.#last = position
    this.#seen = Math.max(position, seen)
  }

  /** The number of the last payload in order that was handed on, in whichever life. */
  get last(): number {
    return this.#seen
  }

  /** The number of the last payload in order in this worker's life. */
  get position(): number {
    return this.#last
  }

  /** The next worker numbers from `position` on. */
  restart(position: number): void {
    this.#last = position
    this.#seen = Math.max(this.#seen, position)
    this.#early.clear()
    this.#earlyBytes = 0
  }

  /**
   * @returns what is in order now and is new
   * @throws OffenceError for numbers that came before in this life, or that never come to an end
   */
  take(emission: Emission): Emission[] {
    const due = this.#last + 1
    if (emission.first < due) {
      throw new OffenceError(`emission ${emission.first} of action ${emission.action} came twice`)
    }
    if (emission.first > due) {
      this.#keep(emission, due)
      return []
    }
    const ready: Emission[] = []
    for (let next: Emission | undefined = emission; next !== undefined; ) {
      this.#last = next.first + next.count - 1
      const fresh = behind(next, this.#seen)
      if (fresh !== undefined) ready.push(fresh)
      this.#seen = Math.max(this.#seen, this.#last)
      next = this.#early.get(this.#last + 1)
      if (next !== undefined) {
        this.#early.delete(next.first)
        this.#earlyBytes -= next.buffer.byteLength
      }
    }
    return ready
  }

  #keep(emission: Emission, due: number): void {
    this.#earlyBytes += emission.buffer.byteLength
    if (this.#early.size >= MAX_EARLY || this.#earlyBytes > MAX_EARLY_BYTES) {
      throw new OffenceError(`emission ${due} of action ${emission.action} never came`)
    }
    this.#early.set(emission.first, emission)
  }
}

/** The payloads of an emission whose numbers are greater than `sequence`. */
export function behind<T extends Pick<Emission, 'buffer' | 'count' | 'first'>>(
  emission: T,
  sequence: number,
): T | undefined {
  const known = sequence - emission.first + 1
  if (known <= 0) return emission
  if (known >= emission.count) return undefined
  // Whole frames: an emission is checked when it comes from the worker.
  const start = framedBytes(emission.buffer, known) ?? 0
  return {
    ...emission,
    buffer: emission.buffer.slice(start),
    count: emission.count - known,
    first: emission.first + known,
  }
}
