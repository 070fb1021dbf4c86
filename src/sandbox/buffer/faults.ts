import { type Bytes, sizeOf } from './memory.ts'

/**
 * The errors of a plugin's Buffer: the language's own classes with the codes of Node. An error of Node's class would lead to
 * objects of the runtime.
 */
function fault(Kind: ErrorConstructor, code: string, message: string): Error {
  return Object.assign(new Kind(message), { code })
}

/** ERR_INVALID_ARG_TYPE */
export function wrongType(name: string, wanted: string, given: unknown): Error {
  const subject = name.endsWith('argument') ? `The ${name}` : `The "${name}" argument`
  const text = `${subject} must be ${wanted}. Received ${shown(given)}`
  return fault(TypeError, 'ERR_INVALID_ARG_TYPE', text)
}

/** ERR_OUT_OF_RANGE */
export function outOfRange(name: string, wanted: string, given: unknown): Error {
  const text = `The value of "${name}" is out of range. It must be ${wanted}. Received ${shown(given)}`
  return fault(RangeError, 'ERR_OUT_OF_RANGE', text)
}

/** ERR_BUFFER_OUT_OF_BOUNDS */
export function outOfBounds(name?: string): Error {
  const text =
    name === undefined
      ? 'Attempt to access memory outside buffer bounds'
      : `"${name}" is outside of buffer bounds`
  return fault(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', text)
}

/** ERR_UNKNOWN_ENCODING */
export function unknownEncoding(given: unknown): Error {
  const name = typeof given === 'string' ? given.slice(0, 40) : shown(given)
  return fault(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${name}`)
}

/** ERR_INVALID_ARG_VALUE */
export function wrongValue(name: string, given: unknown): Error {
  const text = `The argument '${name}' is invalid. Received ${shown(given)}`
  return fault(TypeError, 'ERR_INVALID_ARG_VALUE', text)
}

/** ERR_INVALID_BUFFER_SIZE */
export function wrongSize(bits: number): Error {
  const text = `Buffer size must be a multiple of ${bits}-bits`
  return fault(RangeError, 'ERR_INVALID_BUFFER_SIZE', text)
}

/** Throws unless `width` bytes can be had at an offset. */
export function needRoom(bytes: Bytes, offset: unknown, width: number): void {
  if (
    typeof offset !== 'number' ||
    bytes[offset] === undefined ||
    bytes[offset + width - 1] === undefined
  ) {
    throw noRoom(bytes, offset, width)
  }
}

function noRoom(bytes: Bytes, offset: unknown, width: number): Error {
  if (typeof offset !== 'number') return wrongType('offset', 'of type number', offset)
  if (Math.floor(offset) !== offset) return outOfRange('offset', 'an integer', offset)
  const last = sizeOf(bytes) - width
  if (last < 0) return outOfBounds()
  return outOfRange('offset', `>= 0 and <= ${last}`, offset)
}

/** Says what a value is without running code of it. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return `type string ('${value.slice(0, 25)}')`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

/** @throws when it is no integer from `low` to `high` */
export function needInteger(
  value: unknown,
  name: string,
  low: number,
  high: number,
): asserts value is number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < low || value > high) throw outOfRange(name, `>= ${low} && <= ${high}`, value)
}

/** @throws when it is no number of bytes that an integer may have */
export function needWidth(width: unknown): asserts width is number {
  if (typeof width !== 'number') throw wrongType('byteLength', 'of type number', width)
  if (Math.floor(width) !== width) throw outOfRange('byteLength', 'an integer', width)
  if (width < 1 || width > 6) throw outOfRange('byteLength', '>= 1 and <= 6', width)
}
