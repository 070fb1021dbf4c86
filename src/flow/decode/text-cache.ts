import { asciiText } from './bytes.ts'

const FIRST_SLOTS = 256
const MAX_SLOTS = 8192
const WORDS = 8
export const MAX_CACHED_BYTES = WORDS * 4

/**
 * Short ASCII strings seen before, found by hash and compared byte by byte: a column like `status` costs no new string
 * per row, and equal strings are the same object, which makes comparing them and looking them up cheap later. It grows
 * with the number of different strings, up to a bound; beyond it strings replace each other.
 */
export class TextCache {
  #slots = FIRST_SLOTS
  /** The slot is the hash's highest bits. */
  #shift = Math.clz32(FIRST_SLOTS) + 1
  #texts: string[] = new Array<string>(FIRST_SLOTS).fill('')
  #words = new Int32Array(FIRST_SLOTS * WORDS)
  #replaced = 0

  /**
   * The string of `bytes[start, end)`, which are ASCII and at most MAX_CACHED_BYTES.
   * @param hash of these bytes, however it was computed
   */
  text(bytes: Uint8Array, view: DataView, start: number, end: number, hash: number): string {
    const slot = Math.imul(hash, 0xc2b2ae35) >>> this.#shift
    const known = this.#texts[slot] as string
    const length = end - start
    if (known.length === length && this.#isSame(bytes, view, start, end, slot * WORDS)) return known
    return this.#add(bytes, view, start, end, slot)
  }

  #isSame(bytes: Uint8Array, view: DataView, start: number, end: number, base: number): boolean {
    const words = this.#words
    let p = start
    let word = base
    for (; p + 4 <= end; p += 4) if (view.getInt32(p, true) !== words[word++]) return false
    let rest = 0
    for (; p < end; p++) rest = (rest << 8) | (bytes[p] as number)
    return rest === 0 || rest === words[word]
  }

  #add(bytes: Uint8Array, view: DataView, start: number, end: number, slot: number): string {
    if (this.#texts[slot] !== '' && ++this.#replaced > this.#slots) this.#grow()
    const base = (slot & (this.#slots - 1)) * WORDS
    let p = start
    let word = base
    for (; p + 4 <= end; p += 4) this.#words[word++] = view.getInt32(p, true)
    let rest = 0
    for (; p < end; p++) rest = (rest << 8) | (bytes[p] as number)
    if (rest !== 0) this.#words[word] = rest
    const text = asciiText(bytes, start, end)
    this.#texts[slot] = text
    return text
  }

  /** Empty again, but larger: strings come back as they are met. */
  #grow(): void {
    this.#replaced = 0
    if (this.#slots === MAX_SLOTS) return
    this.#slots = Math.min(this.#slots * 4, MAX_SLOTS)
    this.#shift = Math.clz32(this.#slots) + 1
    this.#texts = new Array<string>(this.#slots).fill('')
    this.#words = new Int32Array(this.#slots * WORDS)
  }
}
