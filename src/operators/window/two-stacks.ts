import type { Aggregator } from '#src/functions/declaration.ts'
import type { GroupParts } from '#src/operators/groups.ts'

/** What one group holds of one pane. */
export interface Pane extends GroupParts {
  readonly pane: number
  /** Numbers the panes of all groups by their first row. */
  readonly sequence: number
}

/**
 * The panes of one group in a window that moves: new ones come at the back, old ones leave at the front. A pane in
 * `front` is aggregated with all newer ones in `front`, `back` is the aggregate of the newer panes. So the aggregate of
 * all takes one merge, a pane is merged twice in its life, and nothing is ever taken out of an accumulator.
 */
export class TwoStacks {
  readonly #aggregators: readonly Aggregator<unknown>[]
  /** The oldest last. */
  #front: Pane[] = []
  #backPanes: Pane[] = []
  #back: unknown[] = []

  constructor(aggregators: readonly Aggregator<unknown>[]) {
    this.#aggregators = aggregators
  }

  get size(): number {
    return this.#front.length + this.#backPanes.length
  }

  get oldest(): Pane | undefined {
    return this.#front[this.#front.length - 1] ?? this.#backPanes[0]
  }

  push(pane: Pane): void {
    const isFirst = this.#backPanes.length === 0
    this.#backPanes.push(pane)
    for (let i = 0; i < this.#aggregators.length; i++) {
      const older = isFirst ? this.#init(i) : this.#back[i]
      this.#back[i] = this.#merge(i, older, pane.accumulators[i])
    }
  }

  /** Drops the panes before that one. */
  evict(before: number): void {
    let front = this.#front
    while (front.length > 0 && (front[front.length - 1] as Pane).pane < before) front.pop()
    const panes = this.#backPanes
    if (front.length > 0 || panes.length === 0 || (panes[0] as Pane).pane >= before) return
    front = []
    for (let i = panes.length - 1; i >= 0; i--) {
      const pane = panes[i] as Pane
      if (pane.pane < before) break
      const newer = front[front.length - 1]
      if (newer !== undefined) this.#join(pane, newer)
      front.push(pane)
    }
    this.#front = front
    this.#backPanes = []
    this.#back = []
  }

  /** The accumulator of a call over all panes; fit to be read, and to be dropped. */
  total(call: number): unknown {
    const front = this.#front[this.#front.length - 1]
    const back = this.#back[call]
    if (front === undefined) return back
    const older = front.accumulators[call]
    if (this.#backPanes.length === 0) return older
    return this.#merge(call, this.#merge(call, this.#init(call), older), back)
  }

  /** The panes as they stand, those of the front first, newest first. */
  panes(): { readonly front: readonly Pane[]; readonly back: readonly Pane[] } {
    return { front: this.#front, back: this.#backPanes }
  }

  restore(front: readonly Pane[], back: readonly Pane[]): void {
    this.#front = [...front]
    for (const pane of back) this.push(pane)
  }

  #join(pane: Pane, newer: Pane): void {
    const { accumulators } = pane
    for (let i = 0; i < accumulators.length; i++) {
      accumulators[i] = this.#merge(i, accumulators[i], newer.accumulators[i])
    }
  }

  #init(call: number): unknown {
    return this.#aggregators[call]?.init()
  }

  #merge(call: number, older: unknown, newer: unknown): unknown {
    return this.#aggregators[call]?.merge?.(older, newer)
  }
}
