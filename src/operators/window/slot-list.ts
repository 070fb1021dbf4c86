const NONE = -1

/** Slots in an order of their own, linked through two columns: any of them is taken out without a search. */
export class SlotList {
  #before = new Int32Array(64)
  #after = new Int32Array(64)
  #first = NONE
  #last = NONE

  /** -1 when there is none. */
  get first(): number {
    return this.#first
  }

  append(slot: number): void {
    if (slot >= this.#before.length) this.#grow(slot)
    this.#before[slot] = this.#last
    this.#after[slot] = NONE
    if (this.#last === NONE) this.#first = slot
    else this.#after[this.#last] = slot
    this.#last = slot
  }

  /** @param slot one that is in the list */
  remove(slot: number): void {
    const before = this.#before[slot] as number
    const after = this.#after[slot] as number
    if (before === NONE) this.#first = after
    else this.#after[before] = after
    if (after === NONE) this.#last = before
    else this.#before[after] = before
  }

  moveToEnd(slot: number): void {
    if (slot === this.#last) return
    this.remove(slot)
    this.append(slot)
  }

  slots(): number[] {
    const slots: number[] = []
    for (let slot = this.#first; slot !== NONE; slot = this.#after[slot] as number) slots.push(slot)
    return slots
  }

  /** Starts anew with those. */
  set(slots: readonly number[]): void {
    this.#first = NONE
    this.#last = NONE
    for (const slot of slots) this.append(slot)
  }

  #grow(slot: number): void {
    const length = Math.max(slot + 1, this.#before.length * 2)
    const [before, after] = [new Int32Array(length), new Int32Array(length)]
    before.set(this.#before)
    after.set(this.#after)
    this.#before = before
    this.#after = after
  }
}
