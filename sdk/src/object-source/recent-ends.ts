const HEX = 16
/** A source is told of every 32nd record that its state does not know of, and an object has one at least. */
const LEAST = 32
const MOST = 64
/** Of all the offsets of an object's records together, about: many records, few ends in each. */
const BUDGET = 4096

/**
 * The ends of the last objects, as an offset carries them. Rows that the host has on its disk are not asked for again, and
 * the state that belongs to them may be lost: it is as old as the last checkpoint. The ends in between stand in the offsets
 * of those rows, some of which the source is given back.
 */
export class RecentEnds {
  #ends: string
  /** Of an earlier life, until a listing has found again what they stand for. */
  #carried: string
  #records = 0
  #objects = 0

  constructor(carried = '') {
    this.#carried = carried
    this.#ends = ''
  }

  /** \`undefined\`: none. */
  get packed(): string | undefined {
    const all = this.#carried + this.#ends
    return all === '' ? undefined : all
  }

  /** Of those that are handed over as one, the first. */
  countRecord(): void {
    this.#records++
  }

  add(hash: string): void {
    this.#objects++
    const perObject = Math.max(1, this.#records / this.#objects)
    const most = Math.min(MOST, Math.max(LEAST, Math.ceil(BUDGET / perObject)))
    this.#ends = (this.#ends + hash).slice(-most * HEX)
  }

  settle(): void {
    this.#carried = ''
  }
}

export function unpackEnds(packed = ''): readonly string[] {
  return packed.match(/.{16}/g) ?? []
}
