import type { WorkerHandle } from '../workers/worker-handle.ts'

export type SinkWorker = Pick<WorkerHandle, 'deliver' | 'ended'>

/** The worker of a rule, as those reach it who have something for its plugins: there is one, or one will come. */
export class WorkerLine {
  #worker: SinkWorker | undefined
  #came = Promise.withResolvers<void>()

  /** Its flow is open. */
  connect(worker: SinkWorker): void {
    this.#worker = worker
    this.#came.resolve()
    void worker.ended.then(() => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#came = Promise.withResolvers()
    })
  }

  /** Waits for one. @throws the signal's reason */
  async worker(signal: AbortSignal): Promise<SinkWorker> {
    const aborted = Promise.withResolvers<never>()
    aborted.promise.catch(() => {})
    const abort = () => aborted.reject(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      for (;;) {
        signal.throwIfAborted()
        if (this.#worker !== undefined) return this.#worker
        await Promise.race([this.#came.promise, aborted.promise])
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}
