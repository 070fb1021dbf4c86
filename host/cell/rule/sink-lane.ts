import { setTimeout as sleep } from 'node:timers/promises'
import { QueuedLane } from './queued-lane.ts'

/** The bounded queue before a built-in sink: one chunk at a time, in order, again when the sink says so. */
export class SinkLane extends QueuedLane {
  #isBusy = false

  get isIdle(): boolean {
    return this.queue.head === undefined && !this.#isBusy
  }

  get isEmpty(): boolean {
    return this.isIdle
  }

  get trouble(): string {
    return this.options.outlet.trouble
  }

  async open(): Promise<void> {
    await Promise.all([this.options.outlet.open(), this.options.deadLetters?.open()])
  }

  async close(): Promise<void> {
    await Promise.all([this.options.outlet.close(), this.options.deadLetters?.close()])
  }

  figures(): Record<string, number | string> {
    return {
      records_in_total: this.taken,
      ...this.options.sender.figures(),
      buffer_length: this.queue.payloads,
      ...this.options.connection.figures(),
    }
  }

  protected override queued(): void {
    if (!this.#isBusy) void this.#send()
  }

  async #send(): Promise<void> {
    const { sender, epoch, context, onProgress } = this.options
    const { signal } = context
    this.#isBusy = true
    for (let head = this.queue.head; head !== undefined; head = this.queue.head) {
      const { done, error } = await sender.send({ ...head, epoch })
      this.queue.passed(done)
      if (signal.aborted) break
      if (done > 0) onProgress()
      if (error !== undefined) {
        await sleep(sender.waitMs, undefined, { signal }).catch(() => {})
        if (signal.aborted) break
      }
    }
    this.#isBusy = false
    if (this.queue.head === undefined) onProgress()
  }
}
