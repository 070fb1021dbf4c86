import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isDigit,
  MINUS,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './bytes.ts'

/*
 * Checks JSON without building it. Each function gets the position of a value and returns the one behind it, or -1 where
 * JSON.parse would refuse. -1 may also mean "too deep for us": whoever asks then lets JSON.parse decide.
 */

const MAX_DEPTH = 64

/** A string, its escapes checked; bytes from 0x80 on are text, valid UTF-8 or not. */
export function skipString(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  if (bytes[at] !== QUOTE) return -1
  let p = at + 1
  for (;;) {
    for (; p + 4 <= end; p += 4) {
      const word = view.getInt32(p, true)
      const control = word - 0x20202020
      const quote = (word ^ 0x22222222) - 0x01010101
      const backslash = (word ^ 0x5c5c5c5c) - 0x01010101
      // Whether one of the four is below 0x20, a quote or a backslash; may say yes for no reason, never no.
      if (((control | quote | backslash) & ~word & 0x80808080) !== 0) break
    }
    let byte = p < end ? (bytes[p] as number) : 0
    while (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      byte = ++p < end ? (bytes[p] as number) : 0
    }
    if (byte === QUOTE) return p + 1
    if (byte !== BACKSLASH) return -1
    p = skipEscape(bytes, p + 1)
    if (p < 0 || p >= end) return -1
  }
}

function skipEscape(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 1
    case 0x75: // uXXXX
      for (let i = 1; i <= 4; i++) if (!isHex(bytes[at + i] as number)) return -1
      return at + 5
    default:
      return -1
  }
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

/** A number. May run past the end of the payload: whoever asks compares with the end. */
export function skipNumber(bytes: Uint8Array, at: number): number {
  let p = at
  let byte = bytes[p] as number
  if (byte === MINUS) byte = bytes[++p] as number
  if (byte === 0x30) byte = bytes[++p] as number
  else if (byte >= 0x31 && byte <= 0x39) {
    do byte = bytes[++p] as number
    while (byte >= 0x30 && byte <= 0x39)
  } else return -1
  if (byte === 0x2e) {
    const first = p + 1
    do byte = bytes[++p] as number
    while (byte >= 0x30 && byte <= 0x39)
    if (p === first) return -1
  }
  return byte === 0x65 || byte === 0x45 ? skipExponent(bytes, p + 1) : p
}

function skipExponent(bytes: Uint8Array, at: number): number {
  const sign = bytes[at]
  const first = sign === 0x2b || sign === MINUS ? at + 1 : at
  let p = first
  while (isDigit(bytes[p] as number)) p++
  return p === first ? -1 : p
}

export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && isSpace(bytes[p] as number)) p++
  return p
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Any value, without the spaces around it. */
export function skipValue(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  return skipNested(bytes, view, at, end, 0)
}

function skipNested(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  depth: number,
): number {
  if (at >= end) return -1
  const byte = bytes[at] as number
  let p = -1
  if (isDigit(byte) || byte === MINUS) p = skipNumber(bytes, at)
  else if (byte === QUOTE) p = skipString(bytes, view, at, end)
  else if (byte === OPEN_OBJECT) p = skipObject(bytes, view, at, end, depth + 1)
  else if (byte === OPEN_ARRAY) p = skipArray(bytes, view, at, end, depth + 1)
  else p = skipWord(bytes, at)
  return p > end ? -1 : p
}

/** `true`, `false` or `null`. */
export function skipWord(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x74:
      return isWord(bytes, at, 0x72, 0x75, 0x65) ? at + 4 : -1
    case 0x66:
      return bytes[at + 4] === 0x65 && isWord(bytes, at, 0x61, 0x6c, 0x73) ? at + 5 : -1
    case 0x6e:
      return isWord(bytes, at, 0x75, 0x6c, 0x6c) ? at + 4 : -1
    default:
      return -1
  }
}

function isWord(bytes: Uint8Array, at: number, b: number, c: number, d: number): boolean {
  return bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d
}

/** Most JSON has no spaces, hence the tests before the calls. */
function skipArray(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  depth: number,
): number {
  if (depth > MAX_DEPTH) return -1
  let p = at + 1
  if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
  if (p < end && bytes[p] === CLOSE_ARRAY) return p + 1
  for (;;) {
    p = skipNested(bytes, view, p, end, depth)
    if (p < 0) return -1
    let byte = bytes[p] as number
    if (byte <= 0x20) {
      p = skipSpace(bytes, p, end)
      byte = bytes[p] as number
    }
    if (p >= end) return -1
    p++
    if (byte === CLOSE_ARRAY) return p
    if (byte !== COMMA) return -1
    if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
  }
}

function skipObject(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  depth: number,
): number {
  if (depth > MAX_DEPTH) return -1
  let p = at + 1
  if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
  if (p < end && bytes[p] === CLOSE_OBJECT) return p + 1
  for (;;) {
    p = p < end ? skipString(bytes, view, p, end) : -1
    if (p < 0) return -1
    if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
    if (p >= end || bytes[p] !== COLON) return -1
    p++
    if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
    p = skipNested(bytes, view, p, end, depth)
    if (p < 0) return -1
    let byte = bytes[p] as number
    if (byte <= 0x20) {
      p = skipSpace(bytes, p, end)
      byte = bytes[p] as number
    }
    if (p >= end) return -1
    p++
    if (byte === CLOSE_OBJECT) return p
    if (byte !== COMMA) return -1
    if ((bytes[p] as number) <= 0x20) p = skipSpace(bytes, p, end)
  }
}
