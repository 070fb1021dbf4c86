import { MessageChannel, MessagePort } from 'node:worker_threads'
import { realGlobal } from './capture.ts'

const { defineProperty, deleteProperty, getPrototypeOf, getOwnPropertyDescriptor, ownKeys } =
  Reflect

const CustomEvents = CustomEvent
const hooks = /messaging|inspect\.custom/

/** JavaScript classes of the runtime that plugins get as they are. */
export const platformClasses = [
  'Event',
  'EventTarget',
  'AbortController',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'ByteLengthQueuingStrategy',
  'CountQueuingStrategy',
] as const

export interface Disarmed {
  /** All that instances of the classes led to. */
  readonly known: ReadonlySet<object>
  /** What accessors answer from now on: nothing else leads there. */
  readonly answered: readonly object[]
}

/**
 * Takes the ways out of the runtime's own classes, before the lockdown: the hooks by which an object is moved to another
 * thread (called by hand they hand out message ports, and steer what a clone is made of), those by which it is shown
 * (they hand out the runtime's `inspect`), and timers without a quota.
 *
 * @returns what is to be frozen after it
 */
export function disarmClasses(): Disarmed {
  const answered: object[] = []
  const instances = samples()
  const known = reachable(instances)
  for (const part of known) {
    for (const key of ownKeys(part)) {
      if (typeof key === 'symbol' && hooks.test(key.description ?? '')) deleteProperty(part, key)
    }
  }
  for (const prototype of prototypesOf(instances)) {
    // The runtime assigns `constructor` to streams that it makes itself.
    answered.push(...allowOwn(prototype, 'constructor'))
  }
  deleteProperty(AbortSignal, 'timeout')
  // Left to the lockdown it would become an accessor, and every spread of an array 15 times slower.
  defineProperty(Array.prototype, Symbol.iterator, { configurable: false })
  return { known, answered }
}

/**
 * Classes of the older kind assign `constructor` to their prototypes, and some objects have a `hasOwnProperty` of their own:
 * that has to go on when what they inherit is frozen. Between the repair of the language's objects and their freezing.
 *
 * @returns what accessors answer from now on
 */
export function allowOwnNames(): object[] {
  const names = ['constructor', 'hasOwnProperty']
  return names.flatMap((name) => allowOwn(Object.prototype, name, true))
}

/** Lets what inherits a property be given one of its own, although the prototype is frozen. */
function allowOwn(prototype: object, name: string, enumerable = false): object[] {
  const described = getOwnPropertyDescriptor(prototype, name)
  if (described?.configurable !== true) return []
  const original: unknown = described.value
  defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get: () => original,
    set(this: object, value: unknown) {
      if (this === prototype) throw new TypeError('this class is frozen')
      defineProperty(this, name, {
        value,
        writable: true,
        enumerable,
        configurable: true,
      })
    },
  })
  return isObject(original) ? [original] : []
}

/**
 * Makes the runtime's classes unchangeable, those included that only the inner state of an instance leads to: all plugins
 * share them. After the lockdown, which does the same to the language's.
 */
export function freezeClasses(harden: <T>(value: T) => T, { known, answered }: Disarmed): void {
  for (const name of platformClasses) harden(realGlobal[name])
  for (const part of answered) harden(part)
  // What two sets of instances have in common: classes, prototypes, and objects that stand for "none".
  for (const part of reachable(samples())) if (known.has(part)) harden(part)
  // Piscina's port and ours: with a patched postMessage a plugin would be handed the port.
  for (const prototype of prototypesOf([MessagePort.prototype])) Object.freeze(prototype)
  for (const part of [MessagePort, MessageChannel, MessagePort.prototype]) Object.freeze(part)
}

/** One object of each class, also of those without a name, at work: their states hold objects of inner classes. */
function samples(): object[] {
  const found: object[] = []
  const start = (controller: object): void => {
    found.push(controller)
  }
  const readable = new ReadableStream({ start })
  const bytes = new ReadableStream({ type: 'bytes', start })
  const full = new ReadableStream({ start: (controller) => controller.enqueue('x') })
  const writable = new WritableStream({ start })
  const transform = new TransformStream({ start })
  found.push(readable, bytes, full, writable, transform, transform.readable, transform.writable)
  found.push(new ReadableStream(), new WritableStream(), new TransformStream())
  found.push(new ReadableStream().values(), ...new ReadableStream().tee())
  const reader = readable.getReader()
  const byob = bytes.getReader({ mode: 'byob' })
  const writer = writable.getWriter()
  void reader.read()
  void byob.read(new Uint8Array(1))
  void writer.write('x')
  found.push(reader, byob, writer, ...found.flatMap(requestOf))
  const aborted = new AbortController()
  aborted.abort()
  const abort = new AbortController()
  abort.signal.addEventListener('abort', () => {})
  const event = new Event('x')
  found.push(new CustomEvents('x')) // the runtime makes one of what is told to a target that is none of its own
  const target = new EventTarget()
  target.addEventListener('x', () => {}, { signal: abort.signal })
  target.dispatchEvent(event)
  found.push(abort, abort.signal, aborted.signal.reason as object, event, target)
  found.push(AbortSignal.any([abort.signal, aborted.signal]), AbortSignal.any([abort.signal]))
  for (const Strategy of [ByteLengthQueuingStrategy, CountQueuingStrategy]) {
    const strategy = new Strategy({ highWaterMark: 1 })
    found.push(strategy, strategy.size)
  }
  return found
}

/** A controller's request for bytes is made when it is asked for. */
function requestOf(controller: object): object[] {
  const request: unknown = Reflect.get(controller, 'byobRequest')
  return isObject(request) ? [request] : []
}

/** Everything to which objects lead, by properties, accessors and prototypes. */
function reachable(roots: readonly object[]): Set<object> {
  const seen = new Set<object>([realGlobal])
  const todo: unknown[] = [...roots]
  while (todo.length > 0) {
    const value = todo.pop()
    if (!isObject(value) || seen.has(value)) continue
    seen.add(value)
    todo.push(getPrototypeOf(value))
    for (const key of ownKeys(value)) {
      const described = getOwnPropertyDescriptor(value, key)
      todo.push(described?.value, described?.get, described?.set)
    }
  }
  seen.delete(realGlobal)
  return seen
}

function prototypesOf(instances: readonly object[]): Set<object> {
  const found = new Set<object>()
  for (const instance of instances) {
    let prototype = getPrototypeOf(instance)
    while (prototype !== null && prototype !== Object.prototype) {
      found.add(prototype)
      prototype = getPrototypeOf(prototype)
    }
  }
  return found
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
