import { defineOwn } from '#src/own-property.ts'

/** Clones what has no parts that we look into: dates, regular expressions, buffers, errors. */
const cloneLeaf = structuredClone

/** Stands for an instance of a registered class in what is kept. Plain data, so that it can be serialized. */
const TYPE_MARK = '\0type'

export type Types = ReadonlyMap<string, { readonly prototype: object }>

/** A value that cannot be kept. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain'
  /** What it is, for a message: `function`, `symbol`, the name of its class. */
  readonly kind: string

  constructor(kind: string) {
    super(`a ${kind} cannot be kept`)
    this.kind = kind
  }
}

/**
 * A deep copy in which instances of registered classes stand as plain records. Shared and cyclic references stay so.
 *
 * @throws NotPlain for functions, symbols, and instances of classes that are not registered
 */
export function toPlain(value: unknown, types: Types): unknown {
  return plainOf(value, { seen: new Map(), types })
}

/** A deep copy of what `toPlain` made, with the instances in it. @throws NotPlain for a class that is not registered */
export function fromPlain(value: unknown, types: Types): unknown {
  return restored(value, { seen: new Map(), types })
}

interface Walk {
  readonly seen: Map<object, unknown>
  readonly types: Types
}

type Fields = Record<string, unknown>

function plainOf(value: unknown, walk: Walk): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new NotPlain(typeof value)
  if (typeof value !== 'object' || value === null) return value
  const known = walk.seen.get(value)
  if (known !== undefined) return known
  if (isContainer(value)) return copyContainer(value, walk, plainOf)
  if (isLeaf(value)) return remember(value, cloneLeaf(value), walk)
  const type = typeName(value, walk.types)
  if (type === undefined) throw new NotPlain(className(value))
  const fields: Fields = {}
  const marked = remember(value, { [TYPE_MARK]: type, fields }, walk)
  copyFields(value as Fields, fields, walk, plainOf)
  return marked
}

function restored(value: unknown, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = walk.seen.get(value)
  if (known !== undefined) return known
  const name = (value as Fields)[TYPE_MARK]
  if (typeof name === 'string' && Object.hasOwn(value, 'fields')) {
    const type = walk.types.get(name)
    if (type === undefined) throw new NotPlain(name)
    const instance = remember(value, Object.create(type.prototype) as Fields, walk)
    copyFields((value as { fields: Fields }).fields, instance, walk, restored)
    return instance
  }
  if (isContainer(value)) return copyContainer(value, walk, restored)
  return remember(value, cloneLeaf(value), walk)
}

type Container = unknown[] | Map<unknown, unknown> | Set<unknown> | Fields

function copyContainer(value: Container, walk: Walk, copy: typeof plainOf): unknown {
  if (Array.isArray(value)) {
    const made: unknown[] = remember(value, [], walk)
    for (const item of value) made.push(copy(item, walk))
    return made
  }
  if (value instanceof Map) {
    const made = remember(value, new Map<unknown, unknown>(), walk)
    for (const [key, item] of value) made.set(copy(key, walk), copy(item, walk))
    return made
  }
  if (value instanceof Set) {
    const made = remember(value, new Set<unknown>(), walk)
    for (const item of value) made.add(copy(item, walk))
    return made
  }
  // A record of the plugin's that looks like a marked one would come back as an instance.
  if (copy === plainOf && Object.hasOwn(value, TYPE_MARK)) throw new NotPlain('record with a mark')
  const made: Fields = remember(value, {}, walk)
  copyFields(value, made, walk, copy)
  return made
}

function copyFields(from: Fields, to: Fields, walk: Walk, copy: typeof plainOf): void {
  for (const name of Object.keys(from)) {
    defineOwn(to, name, copy(from[name], walk))
  }
}

function remember<T>(value: object, copy: T, { seen }: Walk): T {
  seen.set(value, copy)
  return copy
}

function isContainer(value: object): value is Container {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === Object.prototype ||
    prototype === null ||
    prototype === Array.prototype ||
    prototype === Map.prototype ||
    prototype === Set.prototype
  )
}

function isLeaf(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (value instanceof Error && errors.has(value.constructor))
  )
}

/** An error of another class would come back without it. */
const errors: ReadonlySet<unknown> = new Set([
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
])

function typeName(value: object, types: Types): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  for (const [name, type] of types) if (type.prototype === prototype) return name
  return undefined
}

function className(value: object): string {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'object of an unknown class'
}
