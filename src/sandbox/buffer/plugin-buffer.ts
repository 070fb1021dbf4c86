import { byteLength, Construction, compare, POOL_BYTES } from './construction.ts'
import { contents } from './content.ts'
import { encodingOf } from './encoding.ts'
import { wrongType } from './faults.ts'
import { floats } from './floats.ts'
import { at, type Bytes, memoryOf, RealBytes, sizeOf, startOf, toNumber } from './memory.ts'
import { integerReaders } from './read-integers.ts'
import { searches } from './search.ts'
import { slice, textMethods } from './text.ts'
import { integerWriters } from './write-integers.ts'

const { defineProperties, defineProperty, freeze, setPrototypeOf } = Object
const INSPECTED_BYTES = 50

/**
 * `Buffer` for one plugin: a subclass of Uint8Array in plain JavaScript, as Node's in what it does and with nothing of Node's
 * in it, whose buffers have at most `maxBytes`. The class that makes instances is not reachable: `constructor` is the function that checks.
 */
export function pluginBuffer(maxBytes: number): object {
  class Instance extends RealBytes<ArrayBuffer> {}
  const prototype: object = Instance.prototype
  const construction = new Construction(
    (memory, start, length) => new Instance(memory as ArrayBuffer, start, length),
    maxBytes,
  )

  function Made(value?: unknown, second?: unknown, third?: unknown): Bytes {
    if (typeof value !== 'number') return construction.from(value, second, third)
    if (typeof second === 'string') throw wrongType('string', 'of type string', value)
    return construction.alloc(value, undefined, undefined)
  }

  function part(self: Bytes, start: unknown, end: unknown): Bytes {
    // Conversions may run code of the plugin's: the size is taken after them.
    const wantedStart = start === undefined ? 0 : toNumber(start)
    const wantedEnd = end === undefined ? undefined : toNumber(end)
    const size = sizeOf(self)
    const from = placeIn(wantedStart, size)
    const to = wantedEnd === undefined ? size : placeIn(wantedEnd, size)
    return new Instance(memoryOf(self), startOf(self) + from, to > from ? to - from : 0)
  }

  const methods: Record<string, unknown> = {
    ...integerReaders,
    ...integerWriters,
    ...floats,
    ...searches,
    ...contents,
    ...textMethods(prototype),
    slice(this: Bytes, start?: unknown, end?: unknown) {
      return part(this, start, end)
    },
    subarray(this: Bytes, start?: unknown, end?: unknown) {
      return part(this, start, end)
    },
    toJSON(this: Bytes) {
      return { type: 'Buffer', data: listOf(this) }
    },
    inspect(this: Bytes) {
      return inspected(this)
    },
  }
  for (const [name, method] of Object.entries(methods)) {
    // Enumerable, as in Node: a driver copies them in a loop.
    replaceable(prototype, name, method)
    if (name.includes('UInt')) replaceable(prototype, name.replace('UInt', 'Uint'), method)
  }
  const isInstance = (value: unknown): boolean => value instanceof Instance
  defineProperties(prototype, {
    constructor: { value: Made, writable: true, configurable: true },
    // On the prototype itself: no conversion of Node's asks an accessor of the language for it.
    byteLength: { get: sizeGetter },
    parent: {
      enumerable: true,
      get(this: unknown) {
        return isInstance(this) ? memoryOf(this) : undefined
      },
    },
    offset: {
      enumerable: true,
      get(this: unknown) {
        return isInstance(this) ? startOf(this) : undefined
      },
    },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: methods.inspect, writable: true },
  })
  defineProperty(Made, 'name', { value: 'Buffer' })
  defineProperty(Made, 'prototype', { value: prototype, writable: false })
  // As plugins see it, with the caps: the real one must not be had.
  setPrototypeOf(Made, RealBytes.prototype.constructor)
  defineProperty(Made, Symbol.species, { get: () => Made })
  for (const [name, value] of Object.entries(statics(construction, isInstance)))
    put(Made, name, value)
  return Made
}

/** A buffer may be given a method of its own by assignment, as drivers do, although the prototype is frozen. */
function replaceable(prototype: object, name: string, method: unknown): void {
  // Whoever hardens the class does not see what an accessor answers, and all plugins have the same.
  freeze(method)
  freeze(Reflect.get(method as object, 'prototype'))
  defineProperty(prototype, name, {
    get: () => method,
    set(this: object, value: unknown) {
      if (this === prototype) throw new TypeError(`Buffer.prototype.${name} is frozen`)
      put(this, name, value)
    },
    enumerable: true,
    configurable: true,
  })
}

/** Defined, not assigned: what is inherited under that name is frozen. */
function put(owner: object, name: string, value: unknown): void {
  defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true })
}

function statics(construction: Construction, isInstance: (value: unknown) => boolean): object {
  return {
    poolSize: POOL_BYTES,
    from: (value: unknown, second?: unknown, third?: unknown) =>
      construction.from(value, second, third),
    of: (...items: unknown[]) => construction.list(items),
    alloc: (size: unknown, value?: unknown, encoding?: unknown) =>
      construction.alloc(size, value, encoding),
    allocUnsafe: (size: unknown) => construction.allocate(construction.size(size)),
    allocUnsafeSlow: (size: unknown) => construction.alloc(size, undefined, undefined),
    isBuffer: isInstance,
    isEncoding: (name: unknown) => name !== '' && encodingOf(name) !== undefined,
    byteLength,
    compare,
    concat: (list: unknown, total?: unknown) => construction.concat(list, total),
    copyBytesFrom: (view: unknown, offset?: unknown, length?: unknown) =>
      construction.copyBytesFrom(view, offset, length),
  }
}

function sizeGetter(this: unknown): number {
  return sizeOf(this)
}

function listOf(self: Bytes): number[] {
  const list: number[] = []
  for (let i = 0, size = sizeOf(self); i < size; i++) list.push(at(self, i))
  return list
}

function inspected(self: Bytes): string {
  const size = sizeOf(self)
  const hex = slice(self, 'hex', 0, Math.min(size, INSPECTED_BYTES))
  const more = size - INSPECTED_BYTES
  const rest = more > 0 ? ` ... ${more} more byte${more > 1 ? 's' : ''}` : ''
  return `<Buffer ${hex.replace(/..(?!$)/g, '$& ')}${rest}>`
}

/** A place as `slice` of the language takes it: negative ones count from the end. */
function placeIn(value: number, size: number): number {
  const place = Math.trunc(value) || 0
  if (place < 0) return Math.max(place + size, 0)
  return Math.min(place, size)
}
