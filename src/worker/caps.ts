import { lengthOfBuffer, lengthOfView } from '#src/sandbox/slots.ts'
import { realConstructors, realGlobal, realJson } from './capture.ts'

/** The most that one allocation of a plugin may ask for. A watchdog can act between allocations, not within one. */
export const MAX_ALLOCATION_BYTES = 64 * 2 ** 20

const { apply, construct, defineProperty, getOwnPropertyDescriptor } = Reflect

const views = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Float16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const

/**
 * Wraps what allocates by a number: buffers, typed arrays, repeating and padding, `JSON.parse`. Run before the lockdown,
 * which then takes the wrapped ones for the intrinsics that compartments get. Arguments are converted once, here, so that
 * an object cannot answer the check otherwise than the allocation. `Array` stays: with another constructor its methods
 * lose the engine's fast paths.
 */
export function capAllocations(): void {
  for (const name of views) {
    const width = realConstructors[name].BYTES_PER_ELEMENT
    capConstructor(name, (args) => viewArguments(args, width))
  }
  capConstructor('ArrayBuffer', ([length, options]) => {
    const limit = (options as { maxByteLength?: unknown } | null | undefined)?.maxByteLength
    const bytes = capped(length, 'an ArrayBuffer')
    if (limit === undefined) return [bytes]
    return [bytes, { maxByteLength: capped(limit, 'an ArrayBuffer') }]
  })
  for (const method of ['resize', 'transfer', 'transferToFixedLength']) {
    capMethod(ArrayBuffer.prototype, method, (buffer, [length]) => [
      buffer,
      length === undefined ? [] : [capped(length, 'an ArrayBuffer')],
    ])
  }
  capMethod(String.prototype, 'repeat', (self, [times]) => {
    const text = textOf(self)
    const count = Number(times)
    capped(text.length * count, 'a text')
    return [text, [count]]
  })
  for (const method of ['padStart', 'padEnd']) {
    capMethod(String.prototype, method, (self, [length, ...rest]) => [
      textOf(self),
      [capped(length, 'a text'), ...rest],
    ])
  }
  capMethod(JSON, 'parse', (json, [given, ...rest]) => {
    const text = textOf(given)
    capped(text.length, 'a JSON text')
    return [json, [text, ...rest]]
  })
}

/**
 * Gives the start realm its own constructors back after the lockdown: only the engine runs there, and it must not pay for
 * the caps, nor compile its expressions inside a scope proxy.
 */
export function keepEngineFast(): void {
  for (const [name, value] of Object.entries({ ...realConstructors, JSON: realJson })) {
    defineProperty(realGlobal, name, { value, writable: true, configurable: true })
  }
}

type Convert = (args: readonly unknown[]) => readonly unknown[]

function capConstructor(name: 'ArrayBuffer' | (typeof views)[number], convert: Convert): void {
  const Real = realConstructors[name]
  const Capped: typeof Real = new Proxy(Real, {
    construct(target, args, newTarget) {
      return construct(target, convert(args), newTarget === Capped ? target : newTarget)
    },
  })
  const place = { value: Capped, writable: true, enumerable: false, configurable: true }
  defineProperty(Real.prototype, 'constructor', place)
  defineProperty(realGlobal, name, place)
}

function capMethod(
  owner: object,
  name: string,
  convert: (self: unknown, args: readonly unknown[]) => readonly [unknown, readonly unknown[]],
): void {
  const described = getOwnPropertyDescriptor(owner, name)
  const real: unknown = described?.value
  if (described === undefined || typeof real !== 'function') return
  const wrapper = {
    [name](this: unknown, ...args: unknown[]): unknown {
      const [self, converted] = convert(this, args)
      return apply(real, self, converted)
    },
  }[name]
  if (wrapper === undefined) return
  defineProperty(wrapper, 'length', { value: real.length, configurable: true })
  defineProperty(owner, name, { ...described, value: wrapper })
}

function viewArguments(args: readonly unknown[], width: number): readonly unknown[] {
  const [first] = args
  if (typeof first !== 'object' || first === null) {
    return first === undefined ? args : [capped(first, 'a typed array', width)]
  }
  // Buffers and views exist already, and are within the cap.
  if (hasSlot(lengthOfBuffer, first) || hasSlot(lengthOfView, first)) return args
  return [listOf(first as Iterable<unknown> | ArrayLike<unknown>, MAX_ALLOCATION_BYTES / width)]
}

/** The elements of a list, read once: a proxy or getter may tell another length the second time. */
function listOf(list: Iterable<unknown> | ArrayLike<unknown>, limit: number): unknown[] {
  const made: unknown[] = []
  if (Symbol.iterator in list) {
    for (const item of list) {
      if (made.push(item) > limit) throw over('a typed array')
    }
    return made
  }
  const length = Number(list.length)
  if (length > limit) throw over('a typed array')
  for (let at = 0; at < length; at++) made.push(list[at])
  return made
}

function hasSlot(getter: () => unknown, value: object): boolean {
  try {
    return typeof apply(getter, value, []) === 'number'
  } catch {
    return false
  }
}

function textOf(value: unknown): string {
  return `${value as string}`
}

function capped(value: unknown, what: string, width = 1): number {
  const number = Number(value)
  if (number * width > MAX_ALLOCATION_BYTES) throw over(what)
  return number
}

function over(what: string): RangeError {
  return new RangeError(`${what} of more than ${MAX_ALLOCATION_BYTES} bytes is over the limit`)
}
