/** What to do with an item that is there already. */
export type DuplicatePolicy = 'reject' | 'allow' | 'delete'

/** The last so many items, first in first out. `delete` moves an item that comes again to the end. */
export class RingBuffer<T> {
  readonly #size: number
  readonly #policy: DuplicatePolicy
  /** Insertion order, with how often each is in. */
  #items: T[] = []
  #first = 0
  readonly #counts = new Map<T, number>()

  /** @param size 0 or less: always empty */
  constructor(size: number, policy: DuplicatePolicy = 'reject') {
    this.#size = Math.max(0, size)
    this.#policy = policy
  }

  get length(): number {
    return this.#items.length - this.#first
  }

  get isFull(): boolean {
    return this.length >= this.#size
  }

  get head(): T | undefined {
    return this.#items[this.#first]
  }

  get tail(): T | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1)
  }

  /** The one that goes when the next one comes; `undefined` while there is room. */
  get nextEjected(): T | undefined {
    return this.isFull ? this.head : undefined
  }

  /** @returns what had to go */
  add(item: T): T | undefined {
    if (item === undefined || item === null) throw new TypeError('RingBuffer: an item is wanted')
    if (this.#size === 0) return undefined
    if (this.contains(item)) {
      if (this.#policy === 'reject') return undefined
      if (this.#policy === 'delete') this.remove(item)
    }
    const ejected = this.isFull ? this.#shift() : undefined
    this.#items.push(item)
    this.#counts.set(item, (this.#counts.get(item) ?? 0) + 1)
    return ejected
  }

  contains(item: T): boolean {
    return this.#counts.has(item)
  }

  /** Takes out the oldest one that equals it. @returns whether there was one */
  remove(item: T): boolean {
    const at = this.contains(item) ? this.#items.indexOf(item, this.#first) : -1
    if (at < 0) return false
    this.#items.splice(at, 1)
    this.#forget(item)
    return true
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#first; i < this.#items.length; i++) yield this.#items[i] as T
  }

  #shift(): T {
    const item = this.#items[this.#first] as T
    this.#first++
    if (this.#first > this.#size) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    this.#forget(item)
    return item
  }

  #forget(item: T): void {
    const left = (this.#counts.get(item) ?? 1) - 1
    if (left === 0) this.#counts.delete(item)
    else this.#counts.set(item, left)
  }
}
