import { MessageChannel, MessagePort } from 'node:worker_threads'
import { realGlobal } from './capture.ts'

const { defineProperty, deleteProperty, getPrototypeOf, getOwnPropertyDescriptor, ownKeys } =
  Reflect

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

/**
 * Takes the ways out of the runtime's own classes, before the lockdown: the hooks by which an object is moved to another
 * thread (called by hand they hand out message ports, and steer what a clone is made of), and timers without a quota.
 */
export function disarmClasses(): void {
  for (const prototype of prototypesOf(samples())) {
    for (const key of ownKeys(prototype)) {
      if (typeof key === 'symbol' && /messaging/.test(key.description ?? '')) {
        deleteProperty(prototype, key)
      }
    }
    allowOwnConstructor(prototype)
  }
  deleteProperty(AbortSignal, 'timeout')
}

/** The runtime assigns `constructor` to streams that it makes itself: that must go on when the prototype is frozen. */
function allowOwnConstructor(prototype: object): void {
  const described = getOwnPropertyDescriptor(prototype, 'constructor')
  if (described?.configurable !== true) return
  const original: unknown = described.value
  defineProperty(prototype, 'constructor', {
    configurable: true,
    enumerable: false,
    get: () => original,
    set(this: object, value: unknown) {
      if (this === prototype) throw new TypeError('this class is frozen')
      defineProperty(this, 'constructor', {
        value,
        writable: true,
        enumerable: false,
        configurable: true,
      })
    },
  })
}

/**
 * Makes the runtime's classes unchangeable, those included that only an instance leads to. After the lockdown, which does
 * the same to the language's.
 */
export function freezeClasses(harden: <T>(value: T) => T): void {
  for (const name of platformClasses) harden(realGlobal[name])
  for (const prototype of prototypesOf(samples())) harden(prototype)
  // Piscina's port and ours: with a patched postMessage a plugin would be handed the port.
  for (const prototype of prototypesOf([MessagePort.prototype])) Object.freeze(prototype)
  for (const part of [MessagePort, MessageChannel, MessagePort.prototype]) Object.freeze(part)
}

/** One object of each class, also of those without a name. */
function samples(): object[] {
  const found: object[] = []
  const start = (controller: object): void => {
    found.push(controller)
  }
  const readable = new ReadableStream({ start })
  const bytes = new ReadableStream({ type: 'bytes', start })
  const writable = new WritableStream({ start })
  const transform = new TransformStream({ start })
  found.push(readable, bytes, writable, transform, transform.readable, transform.writable)
  found.push(new ReadableStream().values(), readable.getReader())
  found.push(bytes.getReader({ mode: 'byob' }), writable.getWriter())
  const abort = new AbortController()
  abort.abort()
  found.push(abort, abort.signal, abort.signal.reason as object, new Event('x'), new EventTarget())
  found.push(new ByteLengthQueuingStrategy({ highWaterMark: 1 }))
  found.push(new CountQueuingStrategy({ highWaterMark: 1 }))
  return found
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
