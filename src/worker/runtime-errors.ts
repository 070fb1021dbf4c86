import util from 'node:util'

const { deleteProperty, getPrototypeOf } = Reflect
const RealError = Error

/** The language's own: `harden` makes them unchangeable, and they lead nowhere. */
const language: ReadonlySet<object | null> = new Set([
  null,
  Object.prototype,
  Error.prototype,
  TypeError.prototype,
  RangeError.prototype,
])

/**
 * What plugins can make the runtime's classes throw, reject with or hand to a callback. Each code has a class of its own,
 * and with it a prototype that all plugins of the worker share. A test compares this list with the runtime's sources.
 */
const provocations: readonly (() => unknown)[] = [
  () => EventTarget.prototype.dispatchEvent.call({}, new Event('x')), // ERR_INVALID_THIS
  () => Reflect.get(AbortSignal.prototype, 'onabort', {}), // the same, by the runtime's checks of arguments
  () => new EventTarget().dispatchEvent({} as Event), // ERR_INVALID_ARG_TYPE
  () => new Event('x', 1 as EventInit), // the same, by checks
  () => new ReadableStream().getReader({ mode: 'x' as 'byob' }), // ERR_INVALID_ARG_VALUE, a TypeError
  () => util.styleText('no style' as 'red', '', { validateStream: false }), // the same, by checks
  () => new ReadableStream({}, { highWaterMark: -1 }), // ERR_INVALID_ARG_VALUE, a RangeError
  () => Buffer.from('x').readInt8(9), // ERR_OUT_OF_RANGE
  () => Buffer.alloc(-1), // the same, by checks
  () => new EventTarget().addEventListener(...([] as unknown as ['x', null])), // ERR_MISSING_ARGS
  () => dispatchWithin(), // ERR_EVENT_RECURSION
  () => new AbortSignal(), // ERR_ILLEGAL_CONSTRUCTOR
  () => new CountQueuingStrategy({} as QueuingStrategyInit), // ERR_MISSING_OPTION
  () => Reflect.apply(Reflect.get(ReadableStream, 'from'), ReadableStream, [1]), // ERR_ARG_NOT_ITERABLE
  () => new ReadableStream({ start: (it) => [it.close(), it.close()] }), // ERR_INVALID_STATE, a TypeError
  () => new ReadableStream({ type: 'bytes', autoAllocateChunkSize: -1 }), // ERR_INTERNAL_ASSERTION
  () => AbortSignal.abort().throwIfAborted(), // DOMException
]

/**
 * The classes of errors that plugins meet, without the way from them to the `Error` of before the lockdown, by which stacks
 * of all code in the thread can be read. Before the lockdown; to be frozen after it.
 */
export function disarmErrors(): object[] {
  // In messages the runtime shows what it was given, and asks it how: the hook of a plugin would be handed `inspect`.
  util.inspect.defaultOptions = { customInspect: false }
  const found = new Set<object>([util.inspect, util.inspect.defaultOptions])
  for (const error of provokedErrors()) {
    for (const prototype of prototypesOf(error)) {
      if (prototype !== DOMException.prototype) deleteProperty(prototype, 'constructor')
      found.add(prototype)
    }
  }
  return [...found]
}

/** One error of each class that plugins can meet. */
export function provokedErrors(): unknown[] {
  return provocations.map(errorOf)
}

/**
 * Promises that are rejected with errors of which the runtime keeps one for all streams of the thread. To be frozen too; a
 * worker does so before the first message that could bring it a plugin.
 */
export function sharedRejections(): Promise<unknown>[] {
  const reader = new ReadableStream().getReader()
  const pending = reader.read()
  reader.releaseLock()
  const writer = new WritableStream().getWriter()
  writer.releaseLock()
  return [pending, reader.read(), reader.closed, writer.write(), writer.closed, writer.ready]
}

/** `Error` of before the lockdown decides how stacks are told: from now on nobody changes that. After `watchStacks`. */
export function freezeRealError(): void {
  Object.freeze(RealError)
}

function errorOf(provoke: () => unknown): unknown {
  try {
    provoke()
  } catch (error) {
    return error
  }
  throw new Error(`the runtime accepts what plugins' errors are known by: ${provoke}`)
}

function prototypesOf(error: unknown): object[] {
  const found: object[] = []
  let at: unknown = error
  while (typeof at === 'object' && at !== null) {
    const prototype = getPrototypeOf(at)
    if (prototype === null || language.has(prototype)) break
    found.push(prototype)
    at = prototype
  }
  return found
}

function dispatchWithin(): void {
  const target = new EventTarget()
  const event = new Event('x')
  const caught: unknown[] = []
  target.addEventListener('x', () => {
    try {
      target.dispatchEvent(event)
    } catch (error) {
      caught.push(error)
    }
  })
  target.dispatchEvent(event)
  throw caught[0]
}
