import type { Emission } from '#src/worker/protocol.ts'
import { behind } from './emission-order.ts'
import type { LaneOptions } from './lane.ts'

type QueueBound = Pick<LaneOptions, 'maxPayloads' | 'maxBytes'>

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

  isFull({ maxPayloads = 16_384, maxBytes = 16_777_216 }: QueueBound): boolean {
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
