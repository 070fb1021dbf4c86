import { deserialize, serialize } from 'node:v8'
import type { State, StateClass } from '../../context.ts'
import { PluginError } from '../../errors.ts'

/** Stands for an instance of a registered class in what is kept. */
const TYPE_MARK = '\0type'

/** The state of an extension in a test, serialized as in a checkpoint. */
export class ProcessState implements State {
  #entries = new Map<string, unknown>()
  readonly #types = new Map<string, StateClass>()

  putState(key: string, value: unknown): void {
    const plain = this.#plain(value, key, new Map())
    this.#entries.set(key, plain)
  }

  getState(key: string): unknown {
    return this.#restored(this.#entries.get(key), key, new Map())
  }

  deleteState(key: string): void {
    this.#entries.delete(key)
  }

  incrCounter(key: string, amount: number | bigint): void {
    if (!isInteger(amount)) throw notCounter(`counter "${key}": ${String(amount)} is no integer`)
    this.#entries.set(key, safe(BigInt(this.getCounter(key)) + BigInt(amount)))
  }

  getCounter(key: string): number | bigint {
    const value = this.#entries.get(key) ?? 0
    if (isInteger(value)) return safe(BigInt(value))
    const kind = Array.isArray(value) ? 'array' : typeof value
    throw notCounter(`state "${key}" holds a ${kind}, not an integer`)
  }

  registerType(name: string, type: StateClass): void {
    this.#types.set(name, type)
  }

  save(): Uint8Array {
    return new Uint8Array(serialize(this.#entries))
  }

  restore(saved: Uint8Array): void {
    this.#entries = deserialize(saved) as Map<string, unknown>
  }

  #plain(value: unknown, key: string, seen: Map<object, unknown>): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw notKept(key, typeof value)
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return seen.get(value)
    const walk = (part: unknown) => this.#plain(part, key, seen)
    const container = copyContainer(value, seen, walk)
    if (container !== undefined) return container
    if (isLeaf(value)) return structuredClone(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    const [name] = [...this.#types].find(([, type]) => type.prototype === prototype) ?? []
    if (name === undefined) throw notKept(key, value.constructor?.name ?? 'object')
    const fields: Record<string, unknown> = {}
    const marked = { [TYPE_MARK]: name, fields }
    seen.set(value, marked)
    for (const [field, part] of Object.entries(value)) fields[field] = walk(part)
    return marked
  }

  #restored(value: unknown, key: string, seen: Map<object, unknown>): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return seen.get(value)
    const walk = (part: unknown) => this.#restored(part, key, seen)
    const { [TYPE_MARK]: name, fields } = value as { [TYPE_MARK]?: unknown; fields?: object }
    if (typeof name !== 'string') return copyContainer(value, seen, walk) ?? structuredClone(value)
    const type = this.#types.get(name)
    if (type === undefined) {
      throw new PluginError(
        'state-not-cloneable',
        `state "${key}" holds a ${name}; make its class known by registerType first`,
      )
    }
    const instance = Object.create(type.prototype) as Record<string, unknown>
    seen.set(value, instance)
    for (const [field, part] of Object.entries(fields ?? {})) instance[field] = walk(part)
    return instance
  }
}

/** A copy of an array, map, set or record; `undefined`: it is something else. */
function copyContainer(
  value: object,
  seen: Map<object, unknown>,
  walk: (part: unknown) => unknown,
): object | undefined {
  const remembered = <T extends object>(made: T): T => {
    seen.set(value, made)
    return made
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    const made = remembered<unknown[]>([])
    for (const part of value) made.push(walk(part))
    return made
  }
  if (prototype === Map.prototype) {
    const made = remembered(new Map<unknown, unknown>())
    for (const [key, part] of value as Map<unknown, unknown>) made.set(walk(key), walk(part))
    return made
  }
  if (prototype === Set.prototype) {
    const made = remembered(new Set<unknown>())
    for (const part of value as Set<unknown>) made.add(walk(part))
    return made
  }
  if (prototype !== Object.prototype && prototype !== null) return undefined
  const made = remembered<Record<string, unknown>>({})
  for (const [key, part] of Object.entries(value)) {
    const own = { value: walk(part), enumerable: true, configurable: true, writable: true }
    Object.defineProperty(made, key, own)
  }
  return made
}

function isLeaf(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    value instanceof Error ||
    ArrayBuffer.isView(value)
  )
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}

function safe(value: bigint): number | bigint {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}

function notKept(key: string, kind: string): PluginError {
  const hint = 'keep plain data, or make its class known by registerType'
  return new PluginError('state-not-cloneable', `state "${key}": a ${kind} cannot be kept; ${hint}`)
}

function notCounter(text: string): PluginError {
  return new PluginError('state-not-a-counter', text)
}
