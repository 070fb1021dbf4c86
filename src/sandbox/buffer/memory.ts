/**
 * Typed arrays by their slots. Everything here was taken when the worker loaded; it runs no code of the plugin's and reads no
 * property of an object, which may be the plugin's own: a detached, resized or disguised array is seen as what it is.
 */
const { getOwnPropertyDescriptor, getPrototypeOf } = Reflect

export type Bytes = Uint8Array<ArrayBuffer>

/** The real constructor, without the caps that plugins see. */
export const RealBytes = Uint8Array
export const RealMemory = ArrayBuffer

const views = getPrototypeOf(Uint8Array.prototype) as Uint8Array
const { isView } = ArrayBuffer

/** A method as a function of its receiver, which the engine inlines. */
export function uncurried<Self, Args extends readonly unknown[], Result>(
  method: (this: Self, ...args: Args) => Result,
): (self: Self, ...args: Args) => Result {
  return Function.prototype.call.bind(method as never) as never
}

function getter<Result>(owner: object, key: PropertyKey): (self: unknown) => Result {
  const get = getOwnPropertyDescriptor(owner, key)?.get
  if (get === undefined) throw new Error(`no getter ${String(key)}`)
  return uncurried(get as (this: unknown) => Result)
}

/** The kind of a typed array, `undefined` for anything else. Never throws. */
export const kindOf: (value: unknown) => string | undefined = getter(views, Symbol.toStringTag)
/** These throw a TypeError when the value is no typed array; all are 0 for one whose memory is gone. */
export const sizeOf: (view: unknown) => number = getter(views, 'byteLength')
export const countOf: (view: unknown) => number = getter(views, 'length')
export const startOf: (view: unknown) => number = getter(views, 'byteOffset')
export const memoryOf: (view: unknown) => ArrayBuffer = getter(views, 'buffer')

const memorySize: (memory: unknown) => number = getter(ArrayBuffer.prototype, 'byteLength')
const dataViewSize: (view: unknown) => number = getter(DataView.prototype, 'byteLength')
const dataViewStart: (view: unknown) => number = getter(DataView.prototype, 'byteOffset')
const dataViewMemory: (view: unknown) => ArrayBuffer = getter(DataView.prototype, 'buffer')

type Values = ArrayLike<number>
export const setBytes = uncurried(views.set) as (self: Bytes, values: Values, at: number) => void
export const fillBytes = uncurried(views.fill) as (
  self: Bytes,
  value: number,
  start: number,
  end: number,
) => Bytes
export const moveBytes = uncurried(views.copyWithin) as (
  self: Bytes,
  to: number,
  start: number,
  end: number,
) => Bytes

export function isBytes(value: unknown): value is Bytes {
  return typeof value === 'object' && value !== null && kindOf(value) === 'Uint8Array'
}

/** The size of a buffer, `undefined` when the value is none. */
export function sizeOfMemory(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return memorySize(value)
  } catch {
    return undefined
  }
}

/** The size of a buffer or of any view, `undefined` for anything else. */
export function sizeOfAny(value: unknown): number | undefined {
  if (kindOf(value) !== undefined) return sizeOf(value)
  if (!isView(value)) return sizeOfMemory(value)
  try {
    return dataViewSize(value)
  } catch {
    return 0
  }
}

/** The bytes of any view without what the plugin put on it, `undefined` when it is no view. */
export function bareBytes(value: unknown): Bytes | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (kindOf(value) !== undefined)
    return new RealBytes(memoryOf(value), startOf(value), sizeOf(value))
  if (!isView(value)) return undefined
  return new RealBytes(dataViewMemory(value), dataViewStart(value), dataViewSize(value))
}

/** The element at a place that is known to be inside. */
export function at(bytes: Bytes, place: number): number {
  return bytes[place] as number
}

/** As the language converts an operand: a BigInt is refused. */
export function toNumber(value: unknown): number {
  return +(value as number)
}
