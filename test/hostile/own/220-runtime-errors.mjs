// @title errors of the runtime as a way to its own Error, to its inspect, and to objects that every plugin has
// @class tamper
export default async ({ context }) => {
  const caught = (run) => {
    try {
      return run()
    } catch (error) {
      return error
    }
  }
  const recursion = () => {
    const target = new EventTarget()
    const event = new Event('x')
    let error
    target.addEventListener('x', () => {
      error = caught(() => target.dispatchEvent(event))
    })
    target.dispatchEvent(event)
    return error
  }
  const errors = [
    recursion(),
    caught(() => new ReadableStream({ type: 'bytes', autoAllocateChunkSize: -1 })),
    caught(() => EventTarget.prototype.dispatchEvent.call({})),
    caught(() => AbortSignal.any([1])),
    caught(() => new URL('nothing')),
  ]
  const sites = []
  for (const error of errors) {
    const Kind = error.constructor
    caught(() => {
      Kind.prepareStackTrace = (_error, found) => {
        sites.push(...found)
        return 'stolen'
      }
    })
    caught(() => Kind.captureStackTrace?.({}))
    if (new TypeError('x').stack === 'stolen') return { owned: 'stacks of the whole thread' }
  }
  if (sites.length > 0) return { owned: `call sites: ${sites.length}` }
  const handed = []
  const bait = {
    __proto__: null,
    [Symbol.for('nodejs.util.inspect.custom')]: (_depth, _options, inspect) => {
      handed.push(typeof inspect)
      return ''
    },
  }
  for (const run of [
    () => ReadableStream.from(bait),
    () => new EventTarget().dispatchEvent(bait),
    () => new EventTarget().addEventListener('x', () => {}, { signal: bait }),
    () => new WritableStream({ type: bait }),
    () => new TransformStream({ readableType: bait }),
  ]) {
    caught(run)
  }
  if (handed.length > 0) return { owned: `the runtime's inspect, ${handed.length} times` }
  const shared = [
    Object.prototype.hasOwnProperty,
    context?.signal?.constructor,
    new ReadableStream().getReader().constructor,
    new CountQueuingStrategy({ highWaterMark: 1 }).size,
    Buffer.prototype.readInt8,
    ...errors.map((error) => Object.getPrototypeOf(error)),
  ].filter((part) => part !== undefined && part !== null)
  const changed = shared.filter((part) => {
    caught(() => Object.defineProperty(part, 'poisoned', { value: true, configurable: true }))
    return Object.hasOwn(part, 'poisoned')
  })
  return changed.length > 0
    ? { same: `changed ${changed.length} shared objects` }
    : { tried: shared.length }
}
