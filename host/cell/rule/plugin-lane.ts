import type { Emission } from '#src/worker/protocol.ts'
import { OffenceError } from '../workers/guarded-endpoint.ts'
import type { Lane } from './lane.ts'

/** A sink that runs in the worker: the host hears only how far it has come. */
export class PluginLane implements Lane {
  readonly isFull = false
  readonly isIdle = true
  readonly isEmpty = true
  readonly trouble = ''
  #acknowledged: number
  #delivered = 0
  #dropped = 0
  #lastInvocation = 0
  #lastException = ''
  #lastExceptionAt = 0

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

  /** Everything up to this number is dealt with; `dropped`: why the last of it was not taken. */
  deliver(sequence: number, dropped?: string): void {
    if (sequence <= this.#acknowledged) return
    const now = Date.now()
    const taken = sequence - this.#acknowledged - (dropped === undefined ? 0 : 1)
    this.#delivered += taken
    this.#acknowledged = sequence
    if (taken > 0) this.#lastInvocation = now
    if (dropped === undefined) return
    this.#dropped++
    this.#lastException = dropped
    this.#lastExceptionAt = now
  }

  restart(position: number): void {
    this.#acknowledged = position
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  figures(): Record<string, number | string> {
    return {
      records_in_total: this.#delivered + this.#dropped,
      records_out_total: this.#delivered,
      messages_processed_total: this.#delivered,
      last_invocation: this.#lastInvocation,
      exceptions_total: this.#dropped,
      last_exception: this.#lastException,
      last_exception_time: this.#lastExceptionAt,
      dropped_total: this.#dropped,
    }
  }
}
