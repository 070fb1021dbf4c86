import { setTimeout as sleep } from 'node:timers/promises'
import type { Emission } from '#src/worker/protocol.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import { type CipherOptions, encrypted } from '../delivery/cipher.ts'
import type { DeadLetters } from '../delivery/dead-letters.ts'
import type { Outlet } from '../delivery/outlet.ts'
import type { Sender } from '../delivery/sender.ts'
import type { Connection } from './connection.ts'
import { behind, EmissionOrder } from './emission-order.ts'

/** What becomes of one action's payloads. */
export interface Lane {
  /** Payloads up to this number were dealt with: sent, dropped by name, or durable in a cache. */
  readonly acknowledged: number
  /** The number of the last payload that came out of the worker. */
  readonly accepted: number
  /** The number of the last payload of this worker's life; less than `accepted` while it emits again what is known. */
  readonly position: number
  /** It cannot take more: the rule is not to be fed. */
  readonly isFull: boolean
  /** Nothing would be lost if the process ended. */
  readonly isIdle: boolean
  /** Nothing is left to be sent. */
  readonly isEmpty: boolean
  /** What keeps it from sending, in one line; '' when there is nothing to say. */
  readonly trouble: string
  accept(emission: Emission): void
  /** The worker starts anew, and numbers from `position` on. */
  restart(position: number): void
  open(): Promise<void>
  close(): Promise<void>
  figures(): Record<string, number | string>
}

export interface LaneOptions {
  readonly outlet: Outlet
  readonly sender: Sender
  readonly deadLetters: DeadLetters | undefined
  readonly connection: Connection
  readonly context: ConnectorContext
  readonly cipher: CipherOptions | undefined
  readonly epoch: number
  readonly position: number
  /** Payloads that wait at most, and their bytes. @default 16384 and 16 MiB */
  readonly maxPayloads?: number | undefined
  readonly maxBytes?: number | undefined
  /** Room again, or something was acknowledged. */
  onProgress(): void
}

/** The bounded queue before a built-in sink: one chunk at a time, in order, again when the sink says so. */
export class SinkLane implements Lane {
  readonly #options: LaneOptions
  readonly #order: EmissionOrder
  readonly #queue = new PayloadQueue()
  #isBusy = false
  #accepted = 0

  constructor(options: LaneOptions) {
    this.#options = options
    this.#order = new EmissionOrder(options.position)
  }

  get acknowledged(): number {
    return (this.#queue.head?.first ?? this.#order.last + 1) - 1
  }

  get accepted(): number {
    return this.#order.last
  }

  get position(): number {
    return this.#order.position
  }

  get isFull(): boolean {
    return this.#queue.isFull(this.#options)
  }

  get isIdle(): boolean {
    return this.#queue.head === undefined && !this.#isBusy
  }

  get isEmpty(): boolean {
    return this.isIdle
  }

  get trouble(): string {
    return this.#options.outlet.trouble
  }

  async open(): Promise<void> {
    await Promise.all([this.#options.outlet.open(), this.#options.deadLetters?.open()])
  }

  accept(emission: Emission): void {
    const { cipher } = this.#options
    for (const next of this.#order.take(emission)) {
      this.#queue.add(cipher === undefined ? next : encrypted(next, cipher))
      this.#accepted += next.count
    }
    if (!this.#isBusy) void this.#send()
  }

  restart(position: number): void {
    this.#order.restart(position)
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.outlet.close(), this.#options.deadLetters?.close()])
  }

  figures(): Record<string, number | string> {
    return {
      records_in_total: this.#accepted,
      ...this.#options.sender.figures(),
      buffer_length: this.#queue.payloads,
      ...this.#options.connection.figures(),
    }
  }

  async #send(): Promise<void> {
    const { sender, epoch, context, onProgress } = this.#options
    const { signal } = context
    this.#isBusy = true
    for (let head = this.#queue.head; head !== undefined; head = this.#queue.head) {
      const { done, error } = await sender.send({ ...head, epoch })
      this.#queue.passed(done)
      if (signal.aborted) break
      if (done > 0) onProgress()
      if (error !== undefined) {
        await sleep(sender.waitMs, undefined, { signal }).catch(() => {})
        if (signal.aborted) break
      }
    }
    this.#isBusy = false
    if (this.#queue.head === undefined) onProgress()
  }
}

/** Emissions that wait, with their sizes. */
export class PayloadQueue {
  #items: Emission[] = []
  #payloads = 0
  #bytes = 0
  #isWaiting = false

  get head(): Emission | undefined {
    return this.#items[0]
  }

  get payloads(): number {
    return this.#payloads
  }

  get length(): number {
    return this.#items.length
  }

  isFull({
    maxPayloads = 16_384,
    maxBytes = 16_777_216,
  }: Pick<LaneOptions, 'maxPayloads' | 'maxBytes'>): boolean {
    // Half empty before it opens again: the rule is not stopped and started for every chunk.
    const share = this.#isWaiting ? 0.5 : 1
    this.#isWaiting = this.#payloads >= maxPayloads * share || this.#bytes >= maxBytes * share
    return this.#isWaiting
  }

  add(emission: Emission): void {
    this.#items.push(emission)
    this.#count(emission, 1)
  }

  /** So many payloads of the head are dealt with. */
  passed(count: number): void {
    const head = this.#items[0]
    if (head === undefined || count <= 0) return
    const rest = behind(head, head.first + count - 1)
    this.#count(head, -1)
    if (rest === undefined) this.#items.shift()
    else {
      this.#items[0] = rest
      this.#count(rest, 1)
    }
  }

  /** Items from number `from` on, about `maxBytes` of them. They stay. */
  group(from: number, maxBytes: number): Emission[] {
    const group: Emission[] = []
    let bytes = 0
    for (let i = from; i < this.#items.length && bytes < maxBytes; i++) {
      const item = this.#items[i] as Emission
      group.push(item)
      bytes += item.buffer.byteLength
    }
    return group
  }

  /** Those of a group that are still there, and what is left of them. */
  remove(group: readonly Emission[]): void {
    const first = group[0]?.first ?? 0
    const end = group.at(-1)
    const last = end === undefined ? -1 : end.first + end.count - 1
    const isIn = (item: Emission) => item.first >= first && item.first <= last
    for (const item of this.#items) if (isIn(item)) this.#count(item, -1)
    this.#items = this.#items.filter((item) => !isIn(item))
  }

  #count({ count, buffer }: Emission, sign: 1 | -1): void {
    this.#payloads += sign * count
    this.#bytes += sign * buffer.byteLength
  }
}
