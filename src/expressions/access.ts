import { display, RowError } from './errors.ts'

/** Names that every object inherits: only an own property of that name is a column. */
export function isInherited(name: string): boolean {
  return name in Object.prototype
}

/** An own property, whatever its name; `null` where there is none. */
export function ownProperty(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null
}

/** A plain object: no array, no bytes. */
export function isStruct(value: unknown): value is Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

/** `base->name` */
export function pathOf(name: string): (base: unknown) => unknown {
  const inherited = isInherited(name)
  return (base) => {
    if (base === null || base === undefined) return null
    if (isStruct(base)) {
      return inherited ? ownProperty(base, name) : base[name]
    }
    const message = `the result ${display(base)} is not a type of map[string]interface{}`
    throw new RowError('invalid-operation', message)
  }
}

/** `base[index]`; a negative index counts from the end. */
export function elementAt(base: unknown, index: unknown): unknown {
  if (isNull(base) || isNull(index)) return null
  const array = arrayOf(base)
  const at = position(index)
  const from0 = at < 0 ? at + array.length : at
  if (from0 < 0 || from0 >= array.length) {
    throw new RowError('out-of-range', `out of index: ${at} of ${array.length}`)
  }
  return array[from0]
}

/**
 * `base[from:to]`, half open; negative bounds count from the end. Equal bounds give an empty array; bounds beyond the array
 * or the wrong way round are errors. A bound that is left out is `undefined` here, and one that is null makes null.
 */
export function sliceOf(base: unknown, from: unknown, to: unknown): unknown {
  if (isNull(base) || from === null || to === null) return null
  const array = arrayOf(base)
  const start = bound('start', from ?? 0, array.length)
  const end = bound('end', to ?? array.length, array.length)
  if (start > end) {
    throw new RowError('out-of-range', `start cannot be greater than end: ${start} > ${end}`)
  }
  return array.slice(start, end)
}

function bound(name: string, value: unknown, length: number): number {
  const at = position(value)
  const from0 = at < 0 ? at + length : at
  if (from0 < 0 || from0 > length) {
    throw new RowError('out-of-range', `${name} value is out of index: ${at} of ${length}`)
  }
  return from0
}

function arrayOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new RowError('invalid-operation', `the result ${display(value)} is not a type of array`)
}

function position(value: unknown): number {
  const at = typeof value === 'bigint' ? Number(value) : value
  if (typeof at === 'number' && Number.isInteger(at)) return at
  throw new RowError('invalid-operation', `the index ${display(value)} is not a bigint`)
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined
}
