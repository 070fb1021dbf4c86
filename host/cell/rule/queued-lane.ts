import type { Emission } from '#src/worker/protocol.ts'
import { encrypted } from '../delivery/cipher.ts'
import { EmissionOrder } from './emission-order.ts'
import type { Lane, LaneOptions } from './lane.ts'
import { PayloadQueue } from './payload-queue.ts'

/** What the lanes of built-in sinks have in common: what leaves the worker is put in order, encrypted, and waits. */
export abstract class QueuedLane<Options extends LaneOptions = LaneOptions> implements Lane {
  protected readonly options: Options
  protected readonly queue = new PayloadQueue()
  protected order: EmissionOrder
  /** Payloads in this life of the host. */
  protected taken = 0

  constructor(options: Options) {
    this.options = options
    this.order = new EmissionOrder(options.position)
  }

  abstract readonly isIdle: boolean
  abstract readonly isEmpty: boolean
  abstract readonly trouble: string
  abstract open(): Promise<void>
  abstract close(): Promise<void>
  abstract figures(): Record<string, number | string>

  /** There may be more in the queue. */
  protected abstract queued(): void

  get acknowledged(): number {
    return (this.queue.head?.first ?? this.order.last + 1) - 1
  }

  get accepted(): number {
    return this.order.last
  }

  get position(): number {
    return this.order.position
  }

  get isFull(): boolean {
    return this.queue.isFull(this.options)
  }

  accept(emission: Emission): void {
    const { cipher } = this.options
    for (const next of this.order.take(emission)) {
      this.queue.add(cipher === undefined ? next : encrypted(next, cipher))
      this.taken += next.count
    }
    this.queued()
  }

  restart(position: number): void {
    this.order.restart(position)
  }
}
