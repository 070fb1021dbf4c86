import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerHandle } from '../workers/worker-handle.ts'

export type SinkWorker = Pick<WorkerHandle, 'deliver' | 'ended'>

/** ms between two looks whether the rows that a worker was given before are through. */
const LOOK_MS = 5

/**
 * The worker of a rule, as those reach it who have something for its plugins: there is one, or one will come. While one of
 * them has payloads that were in hand when a worker died, nothing else is in hand: what kills is to be told from what does not.
 */
export class WorkerLine {
  readonly #calm: () => void
  #worker: SinkWorker | undefined
  #isQuiet = () => true
  readonly #careful = new Set<object>()
  #isTaken = false
  #changed = Promise.withResolvers<void>()

  /** @param calm told when nobody is careful any more */
  constructor(calm: () => void) {
    this.#calm = calm
  }

  /** Its flow is open. @param isQuiet whether all rows that it was given are answered */
  connect(worker: SinkWorker, isQuiet: () => boolean): void {
    this.#worker = worker
    this.#isQuiet = isQuiet
    this.#change()
    void worker.ended.then(() => {
      if (this.#worker === worker) this.#worker = undefined
    })
  }

  /** The worker is not to be given rows. */
  get isCareful(): boolean {
    return this.#careful.size > 0
  }

  /** Whether what `who` hands over next is under suspicion. */
  setCareful(who: object, isCareful: boolean): void {
    const was = this.isCareful
    if (isCareful) this.#careful.add(who)
    else this.#careful.delete(who)
    if (was === this.isCareful) return
    this.#change()
    if (was) this.#calm()
  }

  /** Works with the worker when there is one, and alone if someone is careful. @throws the signal's reason */
  async turn<T>(
    who: object,
    signal: AbortSignal,
    work: (worker: SinkWorker) => Promise<T>,
  ): Promise<T> {
    const { worker, isAlone } = await this.#turnOf(who, signal)
    try {
      return await work(worker)
    } finally {
      if (isAlone) this.#isTaken = false
      this.#change()
    }
  }

  /** Taken in the same turn in which it is found free: two that wait do not both get it. */
  async #turnOf(
    who: object,
    signal: AbortSignal,
  ): Promise<{ readonly worker: SinkWorker; readonly isAlone: boolean }> {
    const aborted = Promise.withResolvers<never>()
    aborted.promise.catch(() => {})
    const abort = () => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      for (;;) {
        signal.throwIfAborted()
        const worker = this.#mayWork(who) ? this.#worker : undefined
        const isAlone = this.isCareful
        if (worker !== undefined && (!isAlone || this.#isQuiet())) {
          this.#isTaken ||= isAlone
          return { worker, isAlone }
        }
        // It is given no more rows: those that it has are through soon.
        const change = worker === undefined ? this.#changed.promise : sleep(LOOK_MS)
        await Promise.race([change, aborted.promise])
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #mayWork(who: object): boolean {
    return !this.isCareful || (this.#careful.has(who) && !this.#isTaken)
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
