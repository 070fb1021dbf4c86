import { defineOwn } from '#src/own-property.ts'
import { cleanError } from './clean-error.ts'
import { bytesOfView, getterOf, lengthOfView, tagOfView } from './slots.ts'

/** How much one copy may hold. Counted over the whole value, so that many small parts are no way around. */
export interface CopyLimits {
  readonly depth: number
  /** Elements and properties. */
  readonly count: number
  /** Bytes of byte arrays, and characters of texts. */
  readonly bytes: number
}

export const copyLimits: CopyLimits = { depth: 100, count: 1_000_000, bytes: 64 * 2 ** 20 }

/** A value that may not cross between a plugin and the engine. The message names its place. */
export class BorderError extends Error {
  override readonly name = 'BorderError'
  readonly code = 'not-plain-data'
}

const { isArray } = Array
const { apply, getPrototypeOf, ownKeys } = Reflect
const Bytes = Uint8Array
const DateOf = Date
const { getTime } = Date.prototype
const objectPrototype = Object.prototype
/** Getters that succeed only on objects with one internal slot each: what a prototype claims proves nothing. */
const slots: readonly (readonly [string, () => unknown])[] = [
  ['a map', getterOf(Map.prototype, 'size')],
  ['a set', getterOf(Set.prototype, 'size')],
  ['an ArrayBuffer (give a Uint8Array)', getterOf(ArrayBuffer.prototype, 'byteLength')],
  ['shared memory', getterOf(SharedArrayBuffer.prototype, 'byteLength')],
  ['a view of bytes that is no Uint8Array', getterOf(DataView.prototype, 'byteLength')],
]
/** Assigned, these would meet what the locked realm has frozen. */
const inherited: ReadonlySet<string | symbol> = new Set(ownKeys(objectPrototype))

/**
 * Copies a value across the border, in either direction: what comes out is made here, of primitives, byte arrays, dates,
 * arrays and records, whatever went in. Each property is read once.
 *
 * @param what names the value in errors: `result`, `row`
 * @throws BorderError naming the place: functions, symbols, promises, maps, shared memory; over a limit
 */
export function copyValue(value: unknown, what: string, limits: CopyLimits = copyLimits): unknown {
  if (typeof value === 'object' ? value === null : typeof value !== 'function') {
    return primitive(value, what, limits)
  }
  try {
    return new Copy(limits).take(value, 0)
  } catch (error) {
    if (error instanceof Refused) throw new BorderError(`${what}${error.place}: ${error.why}`)
    throw new BorderError(`${what} cannot be read: ${cleanError(error).message}`)
  }
}

/**
 * A view of our own over a plugin's bytes, for whoever copies them before the plugin has its turn again; `undefined` for
 * anything else.
 */
export function viewOf(value: object): Uint8Array | undefined {
  return apply(tagOfView, value, []) === 'Uint8Array' ? bytesOfView(value) : undefined
}

function primitive(value: unknown, what: string, limits: CopyLimits): unknown {
  if (typeof value === 'symbol') throw new BorderError(`${what}: a symbol cannot cross the border`)
  if (typeof value === 'string' && value.length > limits.bytes) {
    throw new BorderError(`${what}: a text of ${value.length} characters is over the limit`)
  }
  return value
}

/** Carries the place outwards; made and caught in this file only. */
class Refused {
  place = ''
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

class Copy {
  #count: number
  #bytes: number
  readonly #depth: number

  constructor(limits: CopyLimits) {
    this.#count = limits.count
    this.#bytes = limits.bytes
    this.#depth = limits.depth
  }

  take(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.#spendBytes(value.length)
        return value
      case 'object':
        return value === null ? null : this.#object(value, depth)
      case 'function':
        throw new Refused('a function cannot cross the border')
      case 'symbol':
        throw new Refused('a symbol cannot cross the border')
      default:
        return value
    }
  }

  #object(value: object, depth: number): unknown {
    if (depth >= this.#depth) throw new Refused(`nested deeper than ${this.#depth}`)
    if (isArray(value)) return this.#array(value, depth)
    if (getPrototypeOf(value) === objectPrototype) return this.#record(value, depth)
    const tag = apply(tagOfView, value, [])
    if (tag === 'Uint8Array') return this.#bytesOf(value as Uint8Array)
    const time = timeOf(value)
    if (time !== undefined) return new DateOf(time)
    if (tag !== undefined) throw new Refused(`a ${String(tag)} (give a Uint8Array)`)
    for (const [name, getter] of slots) {
      if (succeeds(getter, value)) throw new Refused(`${name} cannot cross the border`)
    }
    return this.#record(value, depth)
  }

  #bytesOf(value: Uint8Array): Uint8Array {
    this.#spendBytes(apply(lengthOfView, value, []) as number)
    return new Bytes(value)
  }

  #array(value: readonly unknown[], depth: number): unknown[] {
    const { length } = value
    this.#spendCount(length)
    const copy: unknown[] = []
    let at = 0
    try {
      for (; at < length; at++) copy.push(this.take(value[at], depth + 1))
    } catch (error) {
      throw placed(error, `[${at}]`)
    }
    return copy
  }

  #record(value: object, depth: number): Record<string, unknown> {
    const keys = Object.keys(value)
    this.#spendCount(keys.length)
    const copy: Record<string, unknown> = {}
    let key = ''
    try {
      for (key of keys) {
        if (key === '__proto__') continue
        const part = this.take((value as Record<string, unknown>)[key], depth + 1)
        if (inherited.has(key)) defineOwn(copy, key, part)
        else copy[key] = part
      }
    } catch (error) {
      throw placed(error, `.${key.slice(0, 60)}`)
    }
    return copy
  }

  #spendCount(count: number): void {
    this.#count -= count
    if (!(this.#count >= 0)) throw new Refused('more elements than a value may have')
  }

  #spendBytes(bytes: number): void {
    this.#bytes -= bytes
    if (this.#bytes < 0) throw new Refused('more bytes than a value may have')
  }
}

function placed(error: unknown, step: string): Refused {
  const refused =
    error instanceof Refused ? error : new Refused(`cannot be read: ${cleanError(error).message}`)
  refused.place = step + refused.place
  return refused
}

/** The time of a date, by its slot: an own `getTime` would be the plugin's. */
function timeOf(value: object): number | undefined {
  try {
    return apply(getTime, value, [])
  } catch {
    return undefined
  }
}

function succeeds(getter: () => unknown, value: object): boolean {
  try {
    apply(getter, value, [])
    return true
  } catch {
    return false
  }
}
