import { unknownEncoding } from './faults.ts'
import { type Bytes, uncurried } from './memory.ts'

/** The encodings of Node by one name each. */
export type Encoding = 'utf8' | 'latin1' | 'ascii' | 'ucs2' | 'hex' | 'base64' | 'base64url'

export const encodings: readonly Encoding[] = [
  'utf8',
  'latin1',
  'ascii',
  'ucs2',
  'hex',
  'base64',
  'base64url',
]

type Slice = (bytes: Bytes, start: number, end: number) => string
type Write = (bytes: Bytes, text: string, offset: number, length: number) => number

/** Node's methods that its own types do not name. */
const native = Buffer.prototype as unknown as Readonly<Record<string, (...args: never[]) => never>>

function taken<Taken>(name: string): Taken {
  const method = native[name]
  if (method === undefined) throw new Error(`this Node has no Buffer.prototype.${name}`)
  return uncurried(method) as unknown as Taken
}

/**
 * Node's own conversions. They are called with a receiver whose kind was checked, integers within it and primitive strings;
 * anything else may end the process.
 */
export const sliceText: Readonly<Record<Encoding, Slice>> = Object.freeze({
  utf8: taken<Slice>('utf8Slice'),
  latin1: taken<Slice>('latin1Slice'),
  ascii: taken<Slice>('asciiSlice'),
  ucs2: taken<Slice>('ucs2Slice'),
  hex: taken<Slice>('hexSlice'),
  base64: taken<Slice>('base64Slice'),
  base64url: taken<Slice>('base64urlSlice'),
})

export const writeText: Readonly<Record<Encoding, Write>> = Object.freeze({
  utf8: taken<Write>('utf8Write'),
  latin1: taken<Write>('latin1Write'),
  ascii: taken<Write>('asciiWrite'),
  ucs2: taken<Write>('ucs2Write'),
  hex: taken<Write>('hexWrite'),
  base64: taken<Write>('base64Write'),
  base64url: taken<Write>('base64urlWrite'),
})

const sizeOfText = Buffer.byteLength as (text: string, encoding: Encoding) => number

/** How many bytes a text needs; more than there will be when it is hex or base64 with other characters in it. */
export function bytesNeeded(text: string, encoding: Encoding): number {
  if (encoding === 'latin1' || encoding === 'ascii') return text.length
  return sizeOfText(text, encoding)
}

const lowerCase = uncurried(String.prototype.toLowerCase)

/** The encoding of a name in any case, `undefined` when there is none of that name. */
export function encodingOf(name: unknown): Encoding | undefined {
  return typeof name !== 'string' || name.length > 9
    ? undefined
    : (exactly(name) ?? exactly(lowerCase(name)))
}

function exactly(name: string): Encoding | undefined {
  switch (name) {
    case 'utf8':
    case 'utf-8':
      return 'utf8'
    case 'latin1':
    case 'binary':
      return 'latin1'
    case 'ucs2':
    case 'ucs-2':
    case 'utf16le':
    case 'utf-16le':
      return 'ucs2'
    case 'hex':
    case 'base64':
    case 'base64url':
    case 'ascii':
      return name
  }
  return undefined
}

/** @throws ERR_UNKNOWN_ENCODING */
export function needEncoding(name: unknown): Encoding {
  const encoding = encodingOf(name)
  if (encoding === undefined) throw unknownEncoding(name)
  return encoding
}
