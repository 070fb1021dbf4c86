import { defineOwn } from '#src/own-property.ts'
import { BorderError } from './copy.ts'
import { bufferOfView, getterOf, tagOfView } from './slots.ts'

const { isArray } = Array
const { apply, getPrototypeOf } = Reflect
const { getTime } = Date.prototype
const sizeOfMap = getterOf(Map.prototype, 'size')
const sizeOfSet = getterOf(Set.prototype, 'size')
const eachOfMap = Map.prototype.forEach
const eachOfSet = Set.prototype.forEach
const sliceOfBuffer = ArrayBuffer.prototype.slice
const sourceOf = getterOf(RegExp.prototype, 'source')
const flagsOf = getterOf(RegExp.prototype, 'flags')
const MAX_DEPTH = 1000

/**
 * `structuredClone` of one argument, in JavaScript: the platform's own hands objects to code of the runtime that plugins
 * can steer. Cycles and shared parts are kept; errors become errors of name, message and stack.
 */
export function cloneStructured(value: unknown): unknown {
  return clone(value, new Map(), 0)
}

function clone(value: unknown, seen: Map<object, unknown>, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new BorderError(`structuredClone: a ${typeof value} cannot be cloned`)
  }
  if (typeof value !== 'object' || value === null) return value
  const before = seen.get(value)
  if (before !== undefined) return before
  if (depth > MAX_DEPTH) throw new BorderError(`structuredClone: nested deeper than ${MAX_DEPTH}`)
  const shell = shellOf(value)
  seen.set(value, shell)
  fill(shell, value, (part) => clone(part, seen, depth + 1))
  return shell
}

/** The clone without its parts: parts may refer back to it. */
function shellOf(value: object): object {
  if (isArray(value)) return new Array(value.length)
  if (succeeds(() => apply(tagOfView, value, []) === undefined && fail())) return viewOf(value)
  if (succeeds(() => apply(getTime, value, []))) return new Date(apply(getTime, value, []))
  if (succeeds(() => apply(sizeOfMap, value, []))) return new Map()
  if (succeeds(() => apply(sizeOfSet, value, []))) return new Set()
  if (succeeds(() => apply(sliceOfBuffer, value, [0, 0]))) {
    return apply(sliceOfBuffer, value, [0]) as ArrayBuffer
  }
  if (isError(value)) return new Error()
  if (value !== RegExp.prototype && succeeds(() => apply(sourceOf, value, []))) {
    return new RegExp(String(apply(sourceOf, value, [])), String(apply(flagsOf, value, [])))
  }
  return {}
}

function fill(shell: object, value: object, part: (value: unknown) => unknown): void {
  if (shell instanceof Map) {
    apply(eachOfMap, value, [(v: unknown, k: unknown) => shell.set(part(k), part(v))])
  } else if (shell instanceof Set) {
    apply(eachOfSet, value, [(v: unknown) => shell.add(part(v))])
  } else if (shell instanceof Error) {
    for (const key of ['name', 'message', 'stack', 'cause'] as const) {
      if (Object.hasOwn(value, key) || key === 'name') {
        defineOwn(shell, key, part((value as Error)[key]))
      }
    }
  } else if (isArray(shell) || getPrototypeOf(shell) === Object.prototype) {
    for (const key of Object.keys(value)) {
      defineOwn(shell, key, part((value as Record<string, unknown>)[key]))
    }
  }
}

function viewOf(value: object): object {
  const view = value as Uint8Array
  const View = viewClasses[String(apply(tagOfView, view, []))]
  if (View === undefined) throw new BorderError('structuredClone: unknown kind of typed array')
  const { byteOffset, byteLength } = view
  const buffer = apply(bufferOfView, view, []) as ArrayBuffer
  return new View(
    apply(sliceOfBuffer, buffer, [byteOffset, byteOffset + byteLength]) as ArrayBuffer,
  )
}

const viewClasses: Readonly<Record<string, (new (buffer: ArrayBuffer) => object) | undefined>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}

function isError(value: object): boolean {
  return value instanceof Error && typeof value.message === 'string'
}

function succeeds(probe: () => unknown): boolean {
  try {
    probe()
    return true
  } catch {
    return false
  }
}

function fail(): never {
  throw new TypeError('not a typed array')
}
