import type { Emission } from '#src/worker/protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import type { Lane } from './sink-lane.ts'

/** A sink that runs in the worker: the host hears only how far it has come. */
export class PluginLane implements Lane {
  readonly isFull = false
  readonly isIdle = true
  readonly isEmpty = true
  readonly trouble = ''
  #acknowledged: number
  #delivered = 0
  #lastInvocation = 0

  constructor(position: number) {
    this.#acknowledged = position
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get accepted(): number {
    return this.#acknowledged
  }

  get position(): number {
    return this.#acknowledged
  }

  accept({ action }: Emission): void {
    throw new OffenceError(`action ${action} is a plugin's: nothing of it leaves the worker`)
  }

  deliver(sequence: number): void {
    if (sequence <= this.#acknowledged) return
    this.#delivered += sequence - this.#acknowledged
    this.#acknowledged = sequence
    this.#lastInvocation = Date.now()
  }

  restart(position: number): void {
    this.#acknowledged = position
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  figures(): Record<string, number | string> {
    return {
      records_in_total: this.#delivered,
      records_out_total: this.#delivered,
      messages_processed_total: this.#delivered,
      last_invocation: this.#lastInvocation,
    }
  }
}
