import { Buffer } from 'node:buffer'

/*
 * Node's fast ways from bytes to strings, taken before a sandbox can change what globals mean. Every read past the end of
 * a typed array gives `undefined`, which equals no byte: the code here relies on that and says `as number`.
 */

interface Slices {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

const { utf8Slice, latin1Slice } = Buffer.prototype as unknown as Slices
const { parse } = JSON

/** The text of `bytes[start, end)`; what is not UTF-8 becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes as never, start, end)
}

/** As `utf8Text` for bytes known to be ASCII. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes as never, start, end)
}

export const parseJson: (text: string) => unknown = parse

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const MINUS = 0x2d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const COMMA = 0x2c
export const COLON = 0x3a

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
