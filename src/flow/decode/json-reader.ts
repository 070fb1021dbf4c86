import {
  asciiText,
  BACKSLASH,
  MINUS,
  OPEN_ARRAY,
  OPEN_OBJECT,
  parseJson,
  QUOTE,
  utf8Text,
} from './bytes.ts'
import { exactNumber, parseExact } from './exact.ts'
import { skipNumber, skipString, skipValue, skipWord } from './json-skip.ts'
import { MAX_CACHED_BYTES, TextCache } from './text-cache.ts'

/** Ten to the power of the index; all exact. */
const POWERS = Array.from({ length: 17 }, (_, power) => 10 ** power)
const NumberOf = Number

/** Reads single JSON values from bytes. Each method leaves in `at` the position behind the value; -1: it could not read. */
export class JsonReader {
  at = 0
  readonly #cache = new TextCache()
  readonly #parse: (text: string) => unknown

  /** @param options `exact`: whole numbers beyond 2^53 in nested values as bigint */
  constructor(options: { readonly exact: boolean }) {
    this.#parse = options.exact ? parseExact : parseJson
  }

  string(bytes: Uint8Array, view: DataView, at: number, end: number): string {
    if (bytes[at] !== QUOTE) return this.#fail()
    const start = at + 1
    let p = start
    let hash = 0
    while (p + 4 <= end) {
      const word = view.getInt32(p, true)
      if (isSpecialOrWide(word)) break
      hash = Math.imul(hash ^ word, 0x9e3779b1)
      hash ^= hash >>> 15
      p += 4
    }
    let byte = p < end ? (bytes[p] as number) : 0
    while (byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH) {
      hash = Math.imul(hash ^ byte, 0x85ebca6b)
      byte = ++p < end ? (bytes[p] as number) : 0
    }
    if (byte !== QUOTE) return this.#otherString(bytes, view, at, end)
    this.at = p + 1
    if (p - start > MAX_CACHED_BYTES) return asciiText(bytes, start, p)
    return this.#cache.text(bytes, view, start, p, hash)
  }

  /** With escapes, or not ASCII. */
  #otherString(bytes: Uint8Array, view: DataView, at: number, end: number): string {
    this.at = skipString(bytes, view, at, end)
    return this.at < 0 ? '' : (parseJson(utf8Text(bytes, at, this.at)) as string)
  }

  #fail(): string {
    this.at = -1
    return ''
  }

  /** Mantissa and power of ten, as long as both are exact: then one division rounds correctly. */
  number(bytes: Uint8Array, at: number): number {
    let p = at
    let byte = bytes[p] as number
    const negative = byte === MINUS
    if (negative) byte = bytes[++p] as number
    const start = p
    let mantissa = 0
    if (byte === 0x30) byte = bytes[++p] as number
    else {
      while (byte >= 0x30 && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - 0x30)
        byte = bytes[++p] as number
      }
      if (p === start) return this.#noNumber()
    }
    let digits = p - start
    let fraction = 0
    if (byte === 0x2e) {
      const first = p + 1
      byte = bytes[++p] as number
      while (byte >= 0x30 && byte <= 0x39) {
        mantissa = mantissa * 10 + (byte - 0x30)
        byte = bytes[++p] as number
      }
      fraction = p - first
      if (fraction === 0) return this.#noNumber()
      digits += fraction
    }
    if (byte === 0x65 || byte === 0x45 || digits > 15) {
      return this.#longNumber(bytes, at)
    }
    this.at = p
    if (fraction > 0) mantissa /= POWERS[fraction] as number
    return negative ? -mantissa : mantissa
  }

  #noNumber(): number {
    this.at = -1
    return 0
  }

  #longNumber(bytes: Uint8Array, at: number): number {
    this.at = skipNumber(bytes, at)
    return this.at < 0 ? 0 : NumberOf(asciiText(bytes, at, this.at))
  }

  /** As `number`, but a whole number beyond 2^53 is a bigint. */
  exact(bytes: Uint8Array, at: number): number | bigint {
    const value = this.number(bytes, at)
    if (this.at - at <= 15 || Number.isSafeInteger(value)) return value
    return exactNumber(asciiText(bytes, at, this.at))
  }

  /** A value of any kind. `exactly`: a whole number beyond 2^53 is a bigint. */
  any(bytes: Uint8Array, view: DataView, at: number, end: number, exactly: boolean): unknown {
    switch (bytes[at]) {
      case QUOTE:
        return this.string(bytes, view, at, end)
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.at = skipValue(bytes, view, at, end)
        return this.at < 0 ? undefined : this.#parse(utf8Text(bytes, at, this.at))
      case 0x74:
        this.at = skipWord(bytes, at)
        return true
      case 0x66:
        this.at = skipWord(bytes, at)
        return false
      case 0x6e:
        this.at = skipWord(bytes, at)
        return null
      default:
        return exactly ? this.exact(bytes, at) : this.number(bytes, at)
    }
  }
}

/** Whether one of four bytes is below 0x20, from 0x80 on, a quote or a backslash. May say yes for no reason, never no. */
function isSpecialOrWide(word: number): boolean {
  const control = word - 0x20202020
  const quote = (word ^ 0x22222222) - 0x01010101
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101
  return ((control | quote | backslash | word) & 0x80808080) !== 0
}
