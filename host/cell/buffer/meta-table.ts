import { MAX_META_REFERENCE } from '#src/flow/frame.ts'

export type Meta = Readonly<Record<string, unknown>>

export interface KnownMeta {
  readonly reference: number
  readonly meta: Meta
}

/** Metadata that many tuples share, by number from 1. Each reader is sent each entry once. */
export class MetaTable {
  readonly #metas: Meta[] = []
  readonly #references = new Map<string, number>()

  /** @param known in the order of their numbers */
  constructor(known: readonly Meta[] = []) {
    for (const meta of known) {
      this.#metas.push(Object.freeze({ ...meta }))
      this.#references.set(JSON.stringify(meta), this.#metas.length)
    }
  }

  get size(): number {
    return this.#metas.length
  }

  /** @throws RangeError when a source has more of them than a frame can refer to */
  intern(meta: Meta): number {
    const key = JSON.stringify(meta)
    const known = this.#references.get(key)
    if (known !== undefined) return known
    if (this.#metas.length >= MAX_META_REFERENCE) {
      throw new RangeError(`more than ${MAX_META_REFERENCE} different metadata in one source`)
    }
    this.#metas.push(Object.freeze({ ...meta }))
    this.#references.set(key, this.#metas.length)
    return this.#metas.length
  }

  /** The entries behind `reference`. */
  after(reference: number): KnownMeta[] {
    if (reference === this.#metas.length) return []
    return this.#metas
      .slice(reference)
      .map((meta, index) => ({ reference: reference + index + 1, meta }))
  }
}
